"""What API Gateway says about a request, which the caller cannot set."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.types import Scope

from lambdaloop.domain.gateway_event import ARM_HEADER

_VERIFICATION = "verification"
"""The API id of requests that the release workflow sends past the gateway; those of AWS have ten characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFacts:
    """When a request came, under which id, and whether it is traffic."""

    request_id: str
    event_time: datetime
    is_traffic: bool
    """False for the golden rows that verify a release: nobody's predictions."""
    arm: str | None = None
    """The arm that a verification asks for; nobody else can choose one."""


def facts_of(scope: Scope) -> RequestFacts:
    """From the gateway's event; outside Lambda there is none and the clock decides."""
    context = scope.get("aws.event", {}).get("requestContext", {})
    milliseconds = context.get("timeEpoch")
    is_traffic = context.get("apiId") != _VERIFICATION
    return RequestFacts(
        request_id=context.get("requestId") or os.urandom(16).hex(),
        event_time=datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else datetime.now(UTC),
        is_traffic=is_traffic,
        arm=None
        if is_traffic
        else dict(scope["headers"]).get(ARM_HEADER.encode(), b"").decode("latin-1") or None,
    )
