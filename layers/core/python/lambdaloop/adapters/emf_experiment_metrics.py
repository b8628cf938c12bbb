"""What an experiment shows as CloudWatch's embedded metric format: lines of the log of its evaluation."""

import math
from typing import Any, TextIO

from lambdaloop import telemetry
from lambdaloop.adapters.log_lines import write_line
from lambdaloop.domain.experiment import Experiment, Look

_UNITS = {telemetry.EXPERIMENT_UNITS: "Count"}


class EmfExperimentMetrics:
    """The port ExperimentMetrics: one line for each arm. All figures are gauges at the time of the look."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def record(self, experiment: Experiment, look: Look) -> None:
        """Tell the look's figures; what has no value is left out."""
        differences = {each.arm: each.difference for each in look.contrasts}
        for arm, figures in look.figures.items():
            values = {
                telemetry.EXPERIMENT_UNITS: float(figures.units),
                telemetry.EXPERIMENT_OUTCOME: figures.total / figures.measured if figures.measured else None,
                telemetry.EXPERIMENT_DIFFERENCE: differences.get(arm),
            }
            known = {
                name: value for name, value in values.items() if value is not None and math.isfinite(value)
            }
            line: dict[str, Any] = {
                "_aws": {
                    "Timestamp": int(look.at.timestamp() * 1000),
                    "CloudWatchMetrics": [
                        {
                            "Namespace": telemetry.NAMESPACE,
                            "Dimensions": [[telemetry.MODEL, telemetry.VARIANT]],
                            "Metrics": [{"Name": name, "Unit": _UNITS.get(name, "None")} for name in known],
                        }
                    ],
                },
                telemetry.MODEL: experiment.model,
                telemetry.VARIANT: arm,
                "experiment": experiment.id,
                "verdict": look.verdict,
                **known,
            }
            write_line(line, self._stream)
