"""Metrics of looked-up features in CloudWatch's embedded metric format: a line of the inference function's log."""

from datetime import datetime
from typing import TextIO

from lambdaloop import telemetry
from lambdaloop.adapters.emf_figures import write_figures

_UNITS = {
    telemetry.LOOKED_UP: "Count",
    telemetry.LOOK_UP_DEFAULTS: "Count",
    telemetry.LOOK_UP_UNAVAILABLE: "Count",
    telemetry.LOOK_UP_LATENCY: "Seconds",
}


class EmfLookUpMetrics:
    """The port LookUpMetrics: one line for each request that looks something up."""

    def __init__(self, *, model: str, stream: TextIO | None = None) -> None:
        self._model = model
        self._stream = stream

    def record(self, *, rows: int, defaults: int, unavailable: int, seconds: float, at: datetime) -> None:
        """Count the rows of one request that were looked up, those of them with a default, and those nobody answered about."""
        write_figures(
            {
                telemetry.LOOKED_UP: rows,
                telemetry.LOOK_UP_DEFAULTS: defaults,
                telemetry.LOOK_UP_UNAVAILABLE: unavailable,
                telemetry.LOOK_UP_LATENCY: seconds,
            },
            model=self._model,
            at=at,
            stream=self._stream,
            units=_UNITS,
        )
