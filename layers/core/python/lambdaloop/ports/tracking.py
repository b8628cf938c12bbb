"""A tracking server beside the registry."""

from datetime import datetime
from typing import Protocol

from lambdaloop.domain.tracked_run import TrackedRun


class RunTracker(Protocol):
    """Keeps what it is told about runs."""

    def log(self, run: TrackedRun, *, report: bytes | None, at: datetime) -> str:
        """Tell it once, however often this is called; returns the server's own id of the run.

        TrackingUnavailableError when the server refuses, or does not answer.
        """
        ...


class TrackingMetrics(Protocol):
    """Figures about what is told to the tracking server."""

    def record(self, *, logged: bool, at: datetime) -> None:
        """Count a run that was told, or could not be."""
        ...
