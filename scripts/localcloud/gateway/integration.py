"""Calls the function behind a route, with the gateway's own limits and permission."""

import logging
import threading
import time
from typing import Any

from scripts.localcloud.gateway.call import Call
from scripts.localcloud.gateway.event import lambda_event
from scripts.localcloud.gateway.exchange import HttpReply, message
from scripts.localcloud.gateway.response import MalformedResponseError, http_reply
from scripts.localcloud.lambda_host import (
    FunctionName,
    LambdaApiError,
    LambdaHost,
    Outcome,
    TooManyRequestsError,
    parse_name,
)
from scripts.localcloud.lambda_host.errors import RequestTooLargeError
from scripts.localcloud.lambda_host.permissions import may_invoke

logger = logging.getLogger(__name__)

PRINCIPAL = "apigateway.amazonaws.com"
"""Who invokes a function for an API."""
_DEFAULT_LIMIT_SECONDS = 30.0


def answer(host: LambdaHost, call: Call) -> HttpReply:
    """What the function behind the call's route says, or why it could not say anything."""
    started = time.perf_counter()
    try:
        outcome = _invoke(host, call)
        call.integration_status = 200
        if outcome.failed:
            return _failure(call, 500, "Internal Server Error", "the function failed")
        return http_reply(outcome.payload)
    except MalformedResponseError as error:
        return _failure(call, 500, "Internal Server Error", str(error))
    except RequestTooLargeError as error:
        return _failure(call, 413, "Request Entity Too Large", error.message)
    except (TooManyRequestsError, TimeoutError) as error:
        return _failure(call, 503, "Service Unavailable", str(getattr(error, "message", error)))
    except LambdaApiError as error:
        return _failure(call, 500, "Internal Server Error", error.message)
    finally:
        call.integration_ms = (time.perf_counter() - started) * 1000


def _invoke(host: LambdaHost, call: Call) -> Outcome:
    integration = _integration(call)
    name = parse_name(function_of(str(integration.integration_uri)))
    function = host.find(name)
    owner = host.find(FunctionName(name.name))
    if not may_invoke(owner, name, service=PRINCIPAL, source_arn=call.source_arn):
        raise LambdaApiError(
            "AccessDeniedException", 403, f"API Gateway has no permission to invoke {name.arn}"
        )
    limit = (integration.timeout_in_millis or _DEFAULT_LIMIT_SECONDS * 1000) / 1000
    if function.timeout < limit:
        return host.invoke(name.arn, lambda_event(call))
    return _invoke_at_most(host, name, lambda_event(call), limit)


def _invoke_at_most(host: LambdaHost, name: FunctionName, event: bytes, seconds: float) -> Outcome:
    """Give up waiting after `seconds`; the function runs on, as in AWS.

    Raises TimeoutError, or what the invocation raises.
    """
    results: list[Outcome | LambdaApiError] = []

    def run() -> None:
        try:
            results.append(host.invoke(name.arn, event))
        except LambdaApiError as error:
            results.append(error)

    worker = threading.Thread(target=run, daemon=True, name="gateway integration")
    worker.start()
    worker.join(seconds)
    if not results:
        raise TimeoutError(f"the function did not answer within {seconds:g} seconds")
    if isinstance(results[0], LambdaApiError):
        raise results[0]
    return results[0]


def _integration(call: Call) -> Any:
    target = str(call.match.route.target or "") if call.match else ""
    integration = call.api.integrations.get(target.removeprefix("integrations/"))
    if integration is None or integration.integration_type != "AWS_PROXY":
        raise LambdaApiError("BadRequestException", 500, f"route {call.route_key} has no Lambda integration")
    return integration


def function_of(uri: str) -> str:
    """The function in arn:aws:lambda:... or arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/ARN/invocations."""
    return uri.partition("/functions/")[2].removesuffix("/invocations") if "/functions/" in uri else uri


def _failure(call: Call, status: int, text: str, reason: str) -> HttpReply:
    logger.warning("%s %s: %s", call.request.method, call.raw_path, reason)
    call.error, call.integration_error = text, reason
    return message(status, text)
