"""Figures about alerts in CloudWatch's embedded metric format: a line of the log of the function that tells people."""

from typing import TextIO

from lambdaloop import telemetry
from lambdaloop.adapters.log_lines import write_line
from lambdaloop.ports import Clock


class EmfAlertMetrics:
    """The port AlertMetrics."""

    def __init__(self, *, clock: Clock, stream: TextIO | None = None) -> None:
        self._clock = clock
        self._stream = stream

    def failed(self, channel: str, problem: str) -> None:
        """Count an alert that did not reach a channel, and say why."""
        line = {
            "_aws": {
                "Timestamp": int(self._clock.now().timestamp() * 1000),
                "CloudWatchMetrics": [
                    {
                        "Namespace": telemetry.namespace(),
                        "Dimensions": [[telemetry.CHANNEL]],
                        "Metrics": [{"Name": telemetry.ALERT_FAILURES, "Unit": "Count"}],
                    }
                ],
            },
            telemetry.CHANNEL: channel,
            telemetry.ALERT_FAILURES: 1,
            "problem": problem,
        }
        write_line(line, self._stream)
