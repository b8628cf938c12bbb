"""Cross-origin rules of an API: the gateway answers preflights itself and owns the headers."""

from collections.abc import Mapping
from typing import Any

from scripts.localcloud.gateway.exchange import HttpReply, HttpRequest
from scripts.localcloud.iam.conditions import matches

_OWN_HEADERS = "access-control-"


def is_preflight(configuration: Mapping[str, Any] | None, request: HttpRequest) -> bool:
    """Whether a browser asks what it may do, and the API has rules about it."""
    asks = request.header("origin") and request.header("access-control-request-method")
    return bool(configuration and request.method == "OPTIONS" and asks)


def preflight(configuration: Mapping[str, Any], request: HttpRequest) -> HttpReply:
    """The answer to a preflight: without headers where the origin is not allowed."""
    reply = HttpReply(status=204)
    if origin := _allowed_origin(configuration, request):
        reply.headers.append(("Access-Control-Allow-Origin", origin))
        for header, name in (
            ("Access-Control-Allow-Methods", "allowMethods"),
            ("Access-Control-Allow-Headers", "allowHeaders"),
        ):
            if configuration.get(name):
                reply.headers.append((header, ",".join(configuration[name])))
        if configuration.get("maxAge") is not None:
            reply.headers.append(("Access-Control-Max-Age", str(configuration["maxAge"])))
        _add_credentials(configuration, reply)
    return reply


def decorate(configuration: Mapping[str, Any] | None, request: HttpRequest, reply: HttpReply) -> None:
    """Replace what the function said about origins with what the API says."""
    if not configuration or not request.header("origin"):
        return
    reply.headers = [
        (name, value) for name, value in reply.headers if not name.lower().startswith(_OWN_HEADERS)
    ]
    if origin := _allowed_origin(configuration, request):
        reply.headers.append(("Access-Control-Allow-Origin", origin))
        if configuration.get("exposeHeaders"):
            reply.headers.append(("Access-Control-Expose-Headers", ",".join(configuration["exposeHeaders"])))
        _add_credentials(configuration, reply)


def _allowed_origin(configuration: Mapping[str, Any], request: HttpRequest) -> str | None:
    allowed = configuration.get("allowOrigins") or []
    origin = request.header("origin") or ""
    if "*" in allowed:
        return "*"
    return origin if any(matches(pattern, origin) for pattern in allowed) else None


def _add_credentials(configuration: Mapping[str, Any], reply: HttpReply) -> None:
    if configuration.get("allowCredentials"):
        reply.headers.append(("Access-Control-Allow-Credentials", "true"))
