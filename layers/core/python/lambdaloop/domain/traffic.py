"""Where requests go: the routing of the live alias."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """A stable Lambda version and, during a canary, a candidate with its share of the requests."""

    stable: str
    candidate: str | None = None
    weight: float = 0.0
    """Share of the candidate, 0 to below 1."""
    revision: str
    """Changes with every change of the alias; a write names the one it read."""
    note: str = ""
    """What its last change left there in words; the alias's description."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedVersion:
    """A Lambda version that exists."""

    lambda_version: str
    release: int | None
    """The release that its pin names; None for a version without a pin that this code can read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one Lambda version did behind the live alias in a window of time."""

    requests: int
    """Requests for predictions, whatever they were answered; labels that people send are none."""
    errors: int
    """Failed invocations and 5xx answers."""
    p95_latency_ms: float | None
    """Of answered requests; None without any."""
    p99_latency_ms: float | None = None
