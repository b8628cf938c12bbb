"""One line per request in the log group of the stage, in the stage's own format."""

import re

from scripts.localcloud.cloud import ACCOUNT_ID
from scripts.localcloud.gateway.call import Call
from scripts.localcloud.gateway.exchange import HttpReply

_VARIABLE = re.compile(r"\$context\.([A-Za-z0-9_.]+)")


def access_line(template: str, call: Call, reply: HttpReply, latency_ms: float) -> str:
    """The stage's format with every $context variable filled in; unknown ones become a dash, as in AWS."""
    values = _values(call, reply, latency_ms)

    def fill(found: re.Match[str]) -> str:
        value = values.get(found[1])
        return "-" if value is None else str(value)

    return _VARIABLE.sub(fill, template)


def log_group(destination_arn: str) -> str:
    """The name of the log group in a stage's access log settings."""
    return destination_arn.partition(":log-group:")[2].removesuffix(":*")


def _values(call: Call, reply: HttpReply, latency_ms: float) -> dict[str, object]:
    request, caller = call.request, call.caller
    integration_ms = None if call.integration_ms is None else round(call.integration_ms)
    return {
        "accountId": ACCOUNT_ID,
        "apiId": call.api.api_id,
        **{f"authorizer.{name}": value for name, value in (call.authorizer_context or {}).items()},
        "authorizer.error": call.authorizer_error,
        "domainName": call.domain,
        "domainPrefix": call.api.api_id,
        "error.message": call.error,
        "error.messageString": None if call.error is None else f'"{call.error}"',
        "extendedRequestId": call.id,
        "httpMethod": request.method,
        "identity.accountId": ACCOUNT_ID if caller else None,
        "identity.caller": caller.user_id if caller else None,
        "identity.sourceIp": request.source_ip,
        "identity.user": caller.user_id if caller else None,
        "identity.userAgent": request.header("user-agent"),
        "identity.userArn": caller.arn if caller else None,
        "integration.error": call.integration_error,
        "integration.integrationStatus": call.integration_status,
        "integration.latency": integration_ms,
        "integration.status": call.integration_status,
        "integrationErrorMessage": call.integration_error,
        "integrationLatency": integration_ms,
        "integrationStatus": call.integration_status,
        "path": call.raw_path,
        "protocol": request.protocol,
        "requestId": call.id,
        "requestTime": call.clock_text,
        "requestTimeEpoch": int(call.time),
        "responseLatency": round(latency_ms),
        "responseLength": len(reply.body),
        "routeKey": call.route_key,
        "stage": call.stage.name,
        "status": reply.status,
    }
