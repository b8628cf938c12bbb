"""What the watch asks and tells, in memory."""

from datetime import datetime

from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.window import WindowReport


class FakeServed:
    """The port ServedPredictions: `count` in every stretch of time, or nothing."""

    def __init__(self, count: float | None = None) -> None:
        self.count = count
        self.asked: list[tuple[datetime, datetime]] = []

    def served(self, model: str, *, start: datetime, end: datetime) -> float | None:  # noqa: ARG002
        self.asked.append((start, end))
        return self.count


class FakeWatchMetrics:
    """The port WatchMetrics: remembers."""

    def __init__(self) -> None:
        self.reports: list[WindowReport] = []

    def record(self, report: WindowReport, definition: ModelDefinition) -> None:  # noqa: ARG002
        self.reports.append(report)
