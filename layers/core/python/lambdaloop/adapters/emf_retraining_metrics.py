"""Metrics of the governor in CloudWatch's embedded metric format: a line of its log."""

from typing import TextIO

from lambdaloop import telemetry
from lambdaloop.adapters.emf_figures import write_figures
from lambdaloop.domain.decision import Decision

_UNITS = {telemetry.RETRAININGS: "Count", telemetry.RETRAINING_STORMS: "Count"}


class EmfRetrainingMetrics:
    """The port RetrainingMetrics: one line per decision. Zeros count, too: they show an alarm that the governor is alive."""

    def __init__(self, *, stream: TextIO | None = None) -> None:
        self._stream = stream

    def record(self, decision: Decision) -> None:
        """Count a decision that was recorded just now."""
        write_figures(
            {
                telemetry.RETRAININGS: int(decision.retrain),
                telemetry.RETRAINING_STORMS: int(decision.storm),
            },
            model=decision.model,
            at=decision.at,
            stream=self._stream,
            units=_UNITS,
            told={"decision": decision.id, "reason": decision.reason},
        )
