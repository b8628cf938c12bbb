"""CloudWatch's figures of all models, in memory."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from lambdaloop.domain.errors import BackendUnavailableError
from lambdaloop.domain.fleet import ModelTraffic


class FakeFleet:
    """The port FleetFigures."""

    def __init__(self, *, alarms: Sequence[str] = (), **traffic: ModelTraffic) -> None:
        self._traffic = traffic
        self._alarms = alarms
        self.asked: list[tuple[Mapping[str, Sequence[int]], datetime, datetime]] = []
        self.down = False

    def traffic(
        self, releases: Mapping[str, Sequence[int]], *, start: datetime, end: datetime
    ) -> Mapping[str, ModelTraffic]:
        if self.down:
            raise BackendUnavailableError("GetMetricData was refused (Throttling): Rate exceeded: try again")
        self.asked.append((releases, start, end))
        return {model: self._traffic.get(model, ModelTraffic()) for model in releases}

    def ringing(self) -> Sequence[str]:
        return self._alarms
