"""Metrics of the governor in CloudWatch's embedded metric format: a line of its log."""

from typing import TextIO

from lambdaloop import telemetry
from lambdaloop.adapters.log_lines import write_line
from lambdaloop.domain.decision import Decision


class EmfRetrainingMetrics:
    """The port RetrainingMetrics: one line per decision. Zeros count, too: they show an alarm that the governor is alive."""

    def __init__(self, *, stream: TextIO | None = None) -> None:
        self._stream = stream

    def record(self, decision: Decision) -> None:
        """Count a decision that was recorded just now."""
        metrics = [
            {"Name": name, "Unit": "Count"} for name in (telemetry.RETRAININGS, telemetry.RETRAINING_STORMS)
        ]
        line = {
            "_aws": {
                "Timestamp": int(decision.at.timestamp() * 1000),
                "CloudWatchMetrics": [
                    {
                        "Namespace": telemetry.NAMESPACE,
                        "Dimensions": [[telemetry.MODEL]],
                        "Metrics": metrics,
                    }
                ],
            },
            telemetry.MODEL: decision.model,
            telemetry.RETRAININGS: int(decision.retrain),
            telemetry.RETRAINING_STORMS: int(decision.storm),
            "decision": decision.id,
            "reason": decision.reason,
        }
        write_line(line, self._stream)
