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


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one Lambda version did behind the live alias in a window of time."""

    requests: int
    errors: int
    """Failed invocations and 5xx answers."""
    p95_latency_ms: float | None
    """None without requests."""
