"""Metrics as CloudWatch's embedded metric format: a log line that CloudWatch reads, so a request waits for no metrics API."""

from typing import TYPE_CHECKING, Any, TextIO

from lambdaloop import telemetry
from lambdaloop.adapters.log_lines import write_line

if TYPE_CHECKING:
    from lambdaloop.ports import Clock

_METRICS = [
    {"Name": telemetry.PREDICTIONS, "Unit": "Count"},
    {"Name": telemetry.REQUEST_ERRORS, "Unit": "Count"},
    {"Name": telemetry.SERVER_ERRORS, "Unit": "Count"},
]
_LATENCY = {"Name": telemetry.LATENCY, "Unit": "Seconds"}
_INVALID = {
    "Dimensions": [[telemetry.MODEL]],
    "Metrics": [{"Name": telemetry.INVALID_REQUESTS, "Unit": "Count"}],
}
"""A directive of its own, for the refused requests alone: CloudWatch bills a metric in the hours in which it is written."""
_UNPROCESSABLE = 422


class EmfRequestMetrics:
    """The port RequestMetrics: one line per request, by model and by model and release."""

    def __init__(self, *, model: str, clock: "Clock", stream: TextIO | None = None) -> None:
        self._model = model
        self._clock = clock
        self._stream = stream
        self._namespace = telemetry.namespace()

    def record(
        self, *, release: int | None, predictions: int, status: int, seconds: float, arm: str | None = None
    ) -> None:
        """Errors count as zeros, too: an alarm must see that there was traffic. Latency is that of answered requests.

        A server error counts for the arm that was asked, too; what an arm answers, the prediction log counts.
        """
        answered = status < 400
        dimensions = [[telemetry.MODEL], *([[telemetry.MODEL, telemetry.RELEASE]] if release else [])]
        failed = arm if status >= 500 and release else None
        if failed:
            dimensions.append([telemetry.MODEL, telemetry.RELEASE, telemetry.VARIANT])
        line: dict[str, Any] = {
            "_aws": {
                "Timestamp": int(self._clock.now().timestamp() * 1000),
                "CloudWatchMetrics": [
                    {
                        "Namespace": self._namespace,
                        "Dimensions": dimensions,
                        "Metrics": [*_METRICS, _LATENCY] if answered else _METRICS,
                    },
                    *([{"Namespace": self._namespace, **_INVALID}] if status == _UNPROCESSABLE else []),
                ],
            },
            telemetry.MODEL: self._model,
            telemetry.PREDICTIONS: predictions,
            telemetry.REQUEST_ERRORS: int(not answered),
            telemetry.SERVER_ERRORS: int(status >= 500),
        }
        if release:
            line[telemetry.RELEASE] = str(release)
        if failed:
            line[telemetry.VARIANT] = failed
        if answered:
            line[telemetry.LATENCY] = seconds
        if status == _UNPROCESSABLE:
            line[telemetry.INVALID_REQUESTS] = 1
        write_line(line, self._stream)
