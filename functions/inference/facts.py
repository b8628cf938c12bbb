"""What is known about a request before its body is read: what API Gateway says, which the caller cannot set, and its headers."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.types import Scope

from lambdaloop.domain.gateway_event import ARM_HEADER

_VERIFICATION = "verification"
"""The API id of requests that the release workflow sends past the gateway; those of AWS have ten characters."""
_REQUEST_ID = re.compile(r"[!-~]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFacts:
    """When a request came, under which id, and whether it is traffic."""

    request_id: str
    """What the caller calls the request, or else API Gateway: for people who look for it, nothing hangs on it."""
    gateway_id: str
    """API Gateway's own id, which nobody can choose."""
    event_time: datetime
    is_traffic: bool
    """False for the golden rows that verify a release: nobody's predictions."""
    accepts_gzip: bool
    content_encoding: str | None = None
    idempotency_key: str | None = None
    """As the caller wrote it."""
    arm: str | None = None
    """The arm that a verification asks for; nobody else can choose one."""


def facts_of(scope: Scope) -> RequestFacts:
    """From the gateway's event; outside Lambda there is none and the clock decides."""
    event = scope.get("aws.event", {})
    headers: Mapping[str, str] = event.get("headers") or _headers(scope)
    context = event.get("requestContext", {})
    milliseconds = context.get("timeEpoch")
    is_traffic = context.get("apiId") != _VERIFICATION
    gateway_id = context.get("requestId") or os.urandom(16).hex()
    wanted_id = headers.get("x-request-id")
    return RequestFacts(
        request_id=wanted_id if wanted_id and _REQUEST_ID.fullmatch(wanted_id) else gateway_id,
        gateway_id=gateway_id,
        event_time=datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else datetime.now(UTC),
        is_traffic=is_traffic,
        accepts_gzip=_accepts_gzip(headers.get("accept-encoding", "")),
        content_encoding=headers.get("content-encoding"),
        idempotency_key=headers.get("idempotency-key"),
        arm=None if is_traffic else headers.get(ARM_HEADER) or None,
    )


def _headers(scope: Scope) -> Mapping[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _accepts_gzip(value: str) -> bool:
    """Whether gzip is named, and not with a weight of zero."""
    if "gzip" not in value.lower():
        return False
    for one in value.lower().split(","):
        coding, _, weight = one.replace(" ", "").partition(";")
        if coding == "gzip":
            return not re.fullmatch(r"q=0(\.0*)?", weight)
    return False
