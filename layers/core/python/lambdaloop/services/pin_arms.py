"""Puts together what a Lambda version must know of the experiment that it serves."""

from collections.abc import Sequence

from lambdaloop.domain.experiment import Arm, Experiment
from lambdaloop.domain.experiment_pin import ArmPin, ExperimentPin
from lambdaloop.domain.version import BUNDLE
from lambdaloop.ports import VersionRegistry


def pin_arms(experiment: Experiment, arms: Sequence[Arm], *, versions: VersionRegistry) -> ExperimentPin:
    """The arms with their bundles; VersionNotFoundError."""
    return ExperimentPin(
        id=experiment.id,
        salt=experiment.salt,
        namespace=experiment.namespace,
        first_bucket=experiment.first_bucket,
        buckets=experiment.buckets,
        arms=tuple(
            ArmPin(
                name=arm.name,
                version=arm.version,
                bundle=versions.version(experiment.model, arm.version).files[BUNDLE],
                share=arm.share,
            )
            for arm in arms
        ),
    )
