"""The event that a function behind an HTTP API receives: payload format 2.0."""

import base64
import json
from typing import Any

from scripts.localcloud.cloud import ACCOUNT_ID
from scripts.localcloud.gateway.call import Call
from scripts.localcloud.gateway.exchange import HttpRequest
from scripts.localcloud.iam import Principal

_TEXT_TYPES = ("application/json", "application/javascript", "application/xml")


def lambda_event(call: Call) -> bytes:
    """The event as JSON text."""
    return json.dumps({"version": "2.0", **_request(call), **_body(call.request)}).encode()


def authorizer_event(call: Call, identity: list[str]) -> bytes:
    """What an authorizer is asked, as JSON text: the request without its body."""
    question = {"type": "REQUEST", "routeArn": call.source_arn, "identitySource": identity}
    return json.dumps({"version": "2.0", **question, **_request(call)}).encode()


def _request(call: Call) -> dict[str, Any]:
    request = call.request
    return {
        "routeKey": call.route_key,
        "rawPath": call.raw_path,
        "rawQueryString": request.query,
        **_cookies(request),
        "headers": _headers(call),
        **({"queryStringParameters": call.query_parameters} if call.query_parameters else {}),
        "requestContext": _context(call),
        **({"pathParameters": call.match.parameters} if call.match and call.match.parameters else {}),
        **({"stageVariables": dict(call.stage.stage_variables)} if call.stage.stage_variables else {}),
    }


def _context(call: Call) -> dict[str, Any]:
    request = call.request
    return {
        "accountId": ACCOUNT_ID,
        "apiId": call.api.api_id,
        **_authorizer(call),
        "domainName": call.domain,
        "domainPrefix": call.api.api_id,
        "http": {
            "method": request.method,
            "path": call.raw_path,
            "protocol": request.protocol,
            "sourceIp": request.source_ip,
            "userAgent": request.header("user-agent") or "",
        },
        "requestId": call.id,
        "routeKey": call.route_key,
        "stage": call.stage.name,
        "time": call.clock_text,
        "timeEpoch": round(call.time * 1000),
    }


def _authorizer(call: Call) -> dict[str, Any]:
    if call.caller:
        return {"authorizer": {"iam": _identity(call.caller)}}
    return (
        {} if call.authorizer_context is None else {"authorizer": {"lambda": dict(call.authorizer_context)}}
    )


def _identity(caller: Principal) -> dict[str, Any]:
    return {
        "accessKey": caller.access_key,
        "accountId": ACCOUNT_ID,
        "callerId": caller.user_id,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": caller.arn,
        "userId": caller.user_id,
    }


def _headers(call: Call) -> dict[str, str]:
    request = call.request
    names = dict.fromkeys(name for name, _ in request.headers if name not in {"cookie", "connection"})
    headers = {name: request.header(name) or "" for name in names}
    forwarded = headers.get("x-forwarded-for")
    return {
        **headers,
        "x-forwarded-for": f"{forwarded}, {request.source_ip}" if forwarded else request.source_ip,
        "x-forwarded-proto": "http",
    }


def _cookies(request: HttpRequest) -> dict[str, list[str]]:
    cookies = [
        cookie.strip() for name, value in request.headers if name == "cookie" for cookie in value.split(";")
    ]
    return {"cookies": cookies} if cookies else {}


def _body(request: HttpRequest) -> dict[str, Any]:
    if not request.body:
        return {"isBase64Encoded": False}
    if _is_text(request.header("content-type") or ""):
        try:
            return {"body": request.body.decode(), "isBase64Encoded": False}
        except UnicodeDecodeError:
            pass  # says it is text and is not: goes through as bytes
    return {"body": base64.b64encode(request.body).decode(), "isBase64Encoded": True}


def _is_text(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind.startswith("text/") or kind in _TEXT_TYPES or kind.endswith(("+json", "+xml"))
