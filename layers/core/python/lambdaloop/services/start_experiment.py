"""Starts an experiment: its record and its buckets first, then the release that brings its arms.

A start that dies in between is finished by doing it again, or by the next run of the experiment workflow.
"""

from lambdaloop.domain.alias import CHAMPION
from lambdaloop.domain.bundle import unpack_bundle
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.errors import (
    ExperimentInvalidError,
    ExperimentNotFoundError,
    ModelNotReleasedError,
    ReleaseInProgressError,
)
from lambdaloop.domain.experiment import Experiment
from lambdaloop.domain.experiment_request import ExperimentRequest, buckets_of, draft_experiment
from lambdaloop.domain.release import OPEN_STATUSES, ReleasePin, pin_text
from lambdaloop.domain.signature import check_same_interface
from lambdaloop.ports import ArtifactStore, Clock, ExperimentLog, ReleaseLog, VersionRegistry, Workflows
from lambdaloop.services.ask_for_release import ask_for_release
from lambdaloop.services.pin_arms import pin_arms


def start_experiment(
    definition: ModelDefinition,
    request: ExperimentRequest,
    *,
    workflow: str,
    versions: VersionRegistry,
    releases: ReleaseLog,
    experiments: ExperimentLog,
    artifacts: ArtifactStore,
    workflows: Workflows,
    clock: Clock,
) -> Experiment:
    """The experiment, starting; asking again under the same id gives the same one.

    Raises ExperimentInvalidError, VersionNotFoundError, ModelNotReleasedError, ReleaseInProgressError,
    ExperimentRunningError, NamespaceTakenError, ArmsDifferError, PinTooLargeError: then nothing has changed.
    """
    experiment = _known(definition.name, request, experiments)
    if experiment is None:
        drafted = _draft(definition, request, versions=versions, releases=releases, clock=clock)
        _check_arms(drafted, versions=versions, artifacts=artifacts)
        experiment = experiments.open_experiment(drafted, anywhere=request.first_bucket is None)
    if experiment.status == "starting":
        ask_for_release(experiment, workflow=workflow, workflows=workflows)
    return experiment


def _known(model: str, request: ExperimentRequest, experiments: ExperimentLog) -> Experiment | None:
    try:
        known = experiments.experiment(model, request.id)
    except ExperimentNotFoundError:
        return None
    asked = (request.arms, request.rules, request.assignment, buckets_of(request))
    begun = known.order.arms if known.order and known.status == "starting" else known.arms
    if asked != (begun, known.rules, known.assignment, known.buckets):
        raise ExperimentInvalidError(
            f"model {model!r} has another experiment {request.id!r} already ({known.status}): take another id"
        )
    return known


def _draft(
    definition: ModelDefinition,
    request: ExperimentRequest,
    *,
    versions: VersionRegistry,
    releases: ReleaseLog,
    clock: Clock,
) -> Experiment:
    champion = versions.alias(definition.name, CHAMPION)
    if champion is None:
        raise ModelNotReleasedError(
            f"model {definition.name!r} has no champion to be held against: release a version first"
        )
    for release in releases.releases(definition.name):
        if release.status in OPEN_STATUSES:
            raise ReleaseInProgressError(
                f"release {release.number} of {definition.name!r} is taking traffic: start when it has ended"
            )
        if request.assignment == "stateless" and release.status == "live" and release.experiment:
            raise ExperimentInvalidError(
                f"the live release {release.number} answers with the arms of experiment {release.experiment.id!r}, which has "
                f"ended, and cannot be the control: release version {champion.version} by itself first"
            )
    return draft_experiment(
        request, model=definition.name, task=definition.task, champion=champion.version, at=clock.now()
    )


def _check_arms(experiment: Experiment, *, versions: VersionRegistry, artifacts: ArtifactStore) -> None:
    """Whatever would fail its release later: versions that are not there, answer other rows, or are too many."""
    pinned = pin_arms(experiment, experiment.arms, versions=versions)
    if not experiment.is_stateless:
        pin_text(
            ReleasePin(
                model=experiment.model,
                release=10**6,
                version=pinned.arms[0].version,
                bundle=pinned.arms[0].bundle,
                experiment=pinned,
            )
        )
    check_same_interface(
        {arm.name: unpack_bundle(artifacts.get(arm.bundle)).signature for arm in pinned.arms}
    )
