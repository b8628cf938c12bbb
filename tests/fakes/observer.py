"""CloudWatch in memory."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from lambdaloop.domain.release import Release
from lambdaloop.domain.traffic import Observation

HEALTHY = Observation(requests=100, errors=0, p95_latency_ms=12.0)


class FakeObserver:
    """The port TrafficObserver: one observation after the other, the last one for good; a live release is always healthy."""

    def __init__(self, *observations: Observation, alarms: Mapping[str, str] | None = None) -> None:
        self._observations = list(observations) or [HEALTHY]
        self.alarms = dict(alarms or {})
        self.windows: list[tuple[datetime, datetime]] = []
        self.alone: list[bool] = []
        self.before: Callable[[], object] = lambda: None
        """Runs before each observation."""

    def observe(self, release: Release, *, since: datetime, until: datetime, alone: bool) -> Observation:
        if release.status == "live":
            return HEALTHY
        self.before()
        self.alone.append(alone)
        self.windows.append((since, until))
        return self._observations.pop(0) if len(self._observations) > 1 else self._observations[0]

    def alarm_states(self, names: Sequence[str]) -> Mapping[str, str]:
        return {name: self.alarms[name] for name in names if name in self.alarms}
