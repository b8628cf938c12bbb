"""What is known of every model at one moment, as somebody who watches all of them from outside wants to see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from lambdaloop.domain.alias import Alias
from lambdaloop.domain.release import Release
from lambdaloop.domain.window import WindowReport

STRETCH = timedelta(minutes=5)
"""How long the stretch of time is that traffic is told about. A percentile cannot be added up from shorter ones."""
SETTLING = timedelta(minutes=2)
"""How long after its end a stretch is asked for: metrics travel through a log, and what is still on its way would be missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Whole five minutes by the clock. Whoever asks during the next ones is told the same."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelTraffic:
    """What one model was asked and answered in a stretch of time; nothing counted is zero."""

    requests: float = 0.0
    client_errors: float = 0.0
    """Answered with a 4xx status."""
    server_errors: float = 0.0
    invalid_requests: float = 0.0
    """Answered with 422."""
    predictions: float = 0.0
    lost_lines: float = 0.0
    """Of the prediction log."""
    latency_seconds: Mapping[str, float] = field(default_factory=dict)
    """By percentile, such as p95; none without an answered request."""
    release_requests: Mapping[int, float] = field(default_factory=dict)
    """By number of the release that was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelState:
    """One model."""

    model: str
    champion: Alias | None
    releases: Sequence[Release]
    """Those that may have traffic: the live one first, then what is beside it."""
    traffic: ModelTraffic
    window: WindowReport | None
    """The newest one of the watch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetState:
    """All models."""

    stretch: Stretch
    models: Sequence[ModelState]
    alarms: Sequence[str]
    """Names of those that ring."""


def last_stretch(now: datetime) -> Stretch:
    """The newest one that has settled.

    >>> last_stretch(datetime(2026, 3, 2, 9, 6, 59, tzinfo=UTC)).end.minute
    0
    >>> last_stretch(datetime(2026, 3, 2, 9, 7, tzinfo=UTC)).end.minute
    5
    """
    settled = now.astimezone(UTC) - SETTLING
    end = settled - (settled - datetime.fromtimestamp(0, UTC)) % STRETCH
    return Stretch(start=end - STRETCH, end=end)
