"""What an experiment shows as CloudWatch's embedded metric format: lines of the log of its evaluation."""

from typing import TextIO

from lambdaloop import telemetry
from lambdaloop.adapters.emf_figures import write_figures
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
            write_figures(
                {
                    telemetry.EXPERIMENT_UNITS: figures.units,
                    telemetry.EXPERIMENT_OUTCOME: figures.total / figures.measured
                    if figures.measured
                    else None,
                    telemetry.EXPERIMENT_DIFFERENCE: differences.get(arm),
                },
                model=experiment.model,
                at=look.at,
                stream=self._stream,
                dimensions={telemetry.VARIANT: arm},
                units=_UNITS,
                told={"experiment": experiment.id, "verdict": look.verdict},
            )
