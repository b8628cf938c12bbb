"""From what a function returned to an HTTP answer, by the rules of payload format 2.0."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from scripts.localcloud.gateway.exchange import HttpReply


class MalformedResponseError(ValueError):
    """A function returned something the gateway cannot turn into an answer."""


def http_reply(payload: bytes) -> HttpReply:
    """The answer for a function's result.

    Raises MalformedResponseError.
    """
    try:
        result = json.loads(payload or b"null")
    except ValueError as error:
        raise MalformedResponseError(f"the function returned no JSON: {error}") from None
    if not isinstance(result, dict) or "statusCode" not in result:
        return _inferred(result)
    reply = HttpReply(status=_status(result["statusCode"]), body=_body(result))
    for name, value in _headers(result).items():
        reply.headers.append((name, _text(value)))
    reply.headers += [("Set-Cookie", str(cookie)) for cookie in result.get("cookies") or []]
    if not any(name.lower() == "content-type" for name, _ in reply.headers):
        reply.headers.append(("Content-Type", "text/plain;charset=UTF-8"))
    return reply


def _inferred(result: Any) -> HttpReply:
    """No status code: the whole result is the body."""
    text = result if isinstance(result, str) else json.dumps(result, separators=(",", ":"))
    return HttpReply(status=200, headers=[("Content-Type", "application/json")], body=text.encode())


def _status(value: Any) -> int:
    text = str(value)
    if isinstance(value, bool) or not text.isdecimal() or not 100 <= int(text) <= 599:
        raise MalformedResponseError(f"statusCode must be 100 to 599, got {value!r}")
    return int(text)


def _body(result: Mapping[str, Any]) -> bytes:
    body = result.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise MalformedResponseError(f"body must be text, got {type(body).__name__}")
    if not result.get("isBase64Encoded"):
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise MalformedResponseError(f"body is not base64: {error}") from None


def _headers(result: Mapping[str, Any]) -> Mapping[str, Any]:
    headers = result.get("headers") or {}
    if not isinstance(headers, dict):
        raise MalformedResponseError(f"headers must be an object, got {type(headers).__name__}")
    return headers


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
