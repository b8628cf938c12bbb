"""Opens a release: keeps others out, tidies up after a dead one, and publishes the Lambda version that is this release."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.errors import ExperimentStateError, ReleaseInProgressError, VersionNotFoundError
from lambdaloop.domain.experiment import Experiment
from lambdaloop.domain.experiment_life import execution_of
from lambdaloop.domain.experiment_pin import ExperimentPin
from lambdaloop.domain.experiment_serving import called_off, keeps_control
from lambdaloop.domain.namespace import BUCKETS
from lambdaloop.domain.release import OPEN_STATUSES, Release, ReleasePin, TrafficShare
from lambdaloop.domain.release_rules import LEASE, check_open, check_routing
from lambdaloop.domain.releasing_rules import ReleaseRules
from lambdaloop.domain.returning import way_back_of
from lambdaloop.domain.traffic import Routing
from lambdaloop.domain.version import BUNDLE, Version
from lambdaloop.ports import Clock, ExperimentLog, Leases, ReleaseLog, Traffic, VersionRegistry
from lambdaloop.services.hold_release import take_lease
from lambdaloop.services.pin_arms import pin_arms
from lambdaloop.services.return_traffic import return_traffic
from lambdaloop.services.withdraw_release import withdraw_release


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRequest:
    """What somebody asked for."""

    model: str
    version: int
    requested_by: str
    reason: str
    experiment: str | None = None
    """The experiment that asks: for its arms, or for the version that stays."""


def open_release(
    definition: ModelDefinition,
    *,
    request: ReleaseRequest,
    execution: str,
    bootstrap_version: str,
    versions: VersionRegistry,
    releases: ReleaseLog,
    experiments: ExperimentLog,
    leases: Leases,
    traffic: Traffic,
    clock: Clock,
) -> Release:
    """The published release of this workflow execution; opening it again gives the same one.

    The live one, with no traffic left to give, where a stateless experiment asks for its control alone. A release that had a share
    beside it has none any more.

    Raises ReleaseInProgressError while another one runs or an experiment is under way that did not ask for it,
    ExperimentStateError for what an experiment does not ask for any more, ReleaseNotReadyError while Lambda works (ask again),
    RoutingChangedError when the live alias sends requests to a version that no release accounts for,
    VersionNotFoundError.
    """
    if request.model != definition.name:
        raise VersionNotFoundError(
            f"this workflow releases {definition.name!r} only, got {request.model!r}: start that model's own workflow"
        )
    version = versions.version(request.model, request.version)
    opened = releases.release_of(definition.name, execution)
    if opened is not None:
        check_open(opened)
    experiment = None if opened else _experiment(request, execution, experiments)
    rules = opened.rules if opened else _rules(definition, experiment)
    take_lease(definition.name, rules, execution=execution, leases=leases, at=clock.now())
    known = releases.releases(definition.name)
    _check_wanted(experiment, known)
    _end_dead_releases(known, execution, bootstrap_version, releases=releases, traffic=traffic, clock=clock)
    for each in known:
        if each.status == "sharing":
            why = f"made room for {execution}"
            withdraw_release(each, outcome=why, by=execution, releases=releases, traffic=traffic, clock=clock)
    if experiment is not None and keeps_control(experiment):
        leases.free(model=definition.name, name=LEASE, owner=execution)
        return _live(known)
    routing = traffic.routing()
    serving = opened.previous_lambda_version if opened else _serving(known, routing, bootstrap_version)
    # Before the record: a release that never was has nothing to roll back, so a rollback leaves these weights alone.
    check_routing(
        routing,
        model=definition.name,
        stable=serving,
        candidate=opened.lambda_version if opened else None,
    )
    release = releases.open_release(
        model=definition.name,
        version=version.number,
        execution=execution,
        requested_by=request.requested_by,
        reason=request.reason,
        previous_lambda_version=serving,
        first=serving == bootstrap_version,
        rules=rules,
        at=clock.now(),
        experiment=_arms(experiment, versions),
        share=_share(experiment),
    )
    if release.lambda_version is None:
        lambda_version = traffic.publish(_pin(release, version, known))
        release = releases.record_publication(release, lambda_version=lambda_version, at=clock.now())
    return release


def _experiment(request: ReleaseRequest, execution: str, experiments: ExperimentLog) -> Experiment | None:
    """The experiment that asks for this very release; None where none is under way."""
    current = experiments.current_experiment(request.model)
    if request.experiment is None:
        if current is not None:
            raise ReleaseInProgressError(
                f"experiment {current.id!r} of {request.model!r} is {current.status}, and its arms share the traffic: "
                f"conclude or stop it with `lambdaloop experiment stop {request.model}`, then start the release again"
            )
        return None
    if current is None or current.id != request.experiment or execution_of(current) != execution:
        raise ExperimentStateError(
            f"experiment {request.experiment!r} of {request.model!r} does not ask for this release any more"
        )
    return current


def _check_wanted(experiment: Experiment | None, known: Sequence[Release]) -> None:
    """ExperimentStateError when somebody rolled back what a stateless experiment compares, before it could say so itself."""
    if experiment is not None and not keeps_control(experiment) and called_off(experiment, known):
        raise ExperimentStateError(
            f"experiment {experiment.id!r} of {experiment.model!r} was rolled back: see `lambdaloop releases list`"
        )


def _live(known: Sequence[Release]) -> Release:
    """What a stateless experiment leaves when its control stays; ExperimentStateError when nothing is live."""
    for release in known:
        if release.status == "live":
            return release
    raise ExperimentStateError("no release is live any more, so no control can stay: start a new release")


def _rules(definition: ModelDefinition, experiment: Experiment | None) -> ReleaseRules:
    """Arms need not be better: that is the question. Other shares of arms that serve already need neither steps nor consent."""
    rules = definition.release
    if experiment is None or experiment.order is None or not experiment.order.arms:
        return rules
    rules = replace(rules, behaviour=replace(rules.behaviour, require="no_harm"))
    if experiment.status != "running":
        return rules
    return replace(rules, steps="all_at_once", shadow=None, approval=None)


def _arms(experiment: Experiment | None, versions: VersionRegistry) -> ExperimentPin | None:
    if experiment is None or experiment.order is None or not experiment.order.arms or experiment.is_stateless:
        return None
    return pin_arms(experiment, experiment.order.arms, versions=versions)


def _share(experiment: Experiment | None) -> TrafficShare | None:
    """Where the release stops: it serves one arm of a stateless experiment, beside the control."""
    if (
        experiment is None
        or experiment.order is None
        or not experiment.order.arms
        or not experiment.is_stateless
    ):
        return None
    percent = experiment.order.arms[1].share * 100 // BUCKETS
    return TrafficShare(experiment=experiment.id, percent=percent, asked_at=experiment.order.at)


def _end_dead_releases(
    known: Sequence[Release],
    execution: str,
    bootstrap_version: str,
    *,
    releases: ReleaseLog,
    traffic: Traffic,
    clock: Clock,
) -> None:
    """Releases that are open although we have the lease: their workflow died, or slept until the lease expired."""
    for release in known:
        if release.status in OPEN_STATUSES and release.execution != execution:
            outcome = f"its workflow went silent; ended by {execution}"
            return_traffic(
                release,
                outcome=outcome,
                bootstrap_version=bootstrap_version,
                releases=releases,
                traffic=traffic,
                clock=clock,
            )


def _serving(known: Sequence[Release], routing: Routing, bootstrap_version: str) -> str:
    """The Lambda version of the live release, or the bootstrap version.

    The registry outlives the function: once a stack was deleted and deployed anew, Lambda versions that older releases
    name are gone, or other ones under the same numbers. All traffic at the bootstrap version tells that.
    """
    live = [str(release.lambda_version) for release in known if release.status == "live"]
    at_bootstrap = (routing.stable, routing.candidate) == (bootstrap_version, None)
    return bootstrap_version if at_bootstrap or not live else live[0]


def _pin(release: Release, version: Version, known: Sequence[Release]) -> ReleasePin:
    return ReleasePin(
        model=release.model,
        release=release.number,
        version=version.number,
        bundle=version.files[BUNDLE],
        experiment=release.experiment,
        previous_lambda_version=way_back_of(release, known),
    )
