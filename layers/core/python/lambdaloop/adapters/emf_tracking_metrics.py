"""Metrics of the tracking server in CloudWatch's embedded metric format: a line of the function's log."""

from datetime import datetime
from typing import TextIO

from lambdaloop import telemetry
from lambdaloop.adapters.emf_figures import write_figures


class EmfTrackingMetrics:
    """The port TrackingMetrics: zeros count, too."""

    def __init__(self, *, model: str, stream: TextIO | None = None) -> None:
        self._model = model
        self._stream = stream

    def record(self, *, logged: bool, at: datetime) -> None:
        """Count a run that was told, or could not be."""
        write_figures(
            {telemetry.TRACKING_FAILURES: int(not logged)},
            model=self._model,
            at=at,
            stream=self._stream,
            units={telemetry.TRACKING_FAILURES: "Count"},
        )
