"""Has the release workflow bring what an experiment asked for last: its arms, or the version that stays."""

from lambdaloop.domain.experiment import Experiment
from lambdaloop.domain.experiment_life import execution_of
from lambdaloop.ports import Workflows


def ask_for_release(experiment: Experiment, *, workflow: str, workflows: Workflows) -> str | None:
    """ARN of the execution; asked for twice it is the same one. None where the experiment asked for nothing."""
    order = experiment.order
    if order is None:
        return None
    purpose = "shares its traffic" if order.arms else f"ends: {experiment.conclusion}"
    return workflows.start(
        workflow=workflow,
        name=execution_of(experiment),
        document={
            "model": experiment.model,
            "version": order.version,
            "requested_by": order.requested_by or experiment.requested_by,
            "reason": f"experiment {experiment.id} {purpose}",
            "experiment": experiment.id,
        },
    )
