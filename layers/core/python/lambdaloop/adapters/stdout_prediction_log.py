"""Predictions and labels as lines of the function's log, from where a subscription takes them to the capture bucket."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TextIO

from lambdaloop import telemetry
from lambdaloop.adapters.log_lines import as_text, write_line, write_text
from lambdaloop.domain.capture import MAX_LINE_BYTES, without_features

if TYPE_CHECKING:
    from lambdaloop.ports import Clock


class StdoutPredictionLog:
    """The port PredictionLog. Counts the lines that it loses, and says how many as soon as it can write again."""

    def __init__(self, *, model: str, clock: "Clock", stream: TextIO | None = None) -> None:
        self._model = model
        self._clock = clock
        self._stream = stream
        self._lost = 0

    def write(self, line: Mapping[str, Any]) -> None:
        """One line, without its features when it is too long for a log event; lost when the log is broken."""
        text = as_text(line)
        if len(text) > MAX_LINE_BYTES:
            text = as_text(without_features(line))
        written = len(text) <= MAX_LINE_BYTES and write_text(text, self._stream)
        if not written:
            self._lost += 1
        elif self._lost:
            self._report()

    def _report(self) -> None:
        """A line in CloudWatch's embedded metric format."""
        metric = {"Name": telemetry.CAPTURE_LOST, "Unit": "Count"}
        directive = {
            "Namespace": telemetry.namespace(),
            "Dimensions": [[telemetry.MODEL]],
            "Metrics": [metric],
        }
        line = {
            "_aws": {
                "Timestamp": int(self._clock.now().timestamp() * 1000),
                "CloudWatchMetrics": [directive],
            },
            telemetry.MODEL: self._model,
            telemetry.CAPTURE_LOST: self._lost,
        }
        if write_line(line, self._stream):
            self._lost = 0
