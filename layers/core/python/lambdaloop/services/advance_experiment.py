"""Carries on with the experiment that is under way: whatever is due, and whatever somebody orders.

Every step is a record first and a release workflow second, both of which may be repeated; so a run that dies anywhere is
made up for by the next one.
"""

from dataclasses import dataclass, replace
from typing import Literal

from lambdaloop.domain.errors import ExperimentInvalidError, ExperimentNotFoundError, ExperimentStateError
from lambdaloop.domain.experiment import ENDED, Arm, Experiment, Verdict
from lambdaloop.domain.experiment_life import (
    Change,
    concluded,
    execution_of,
    ramped,
    what_is_due,
    winner_of,
    with_shares,
)
from lambdaloop.domain.experiment_serving import awaits_winner, serves_as_asked, serving_release
from lambdaloop.domain.namespace import BUCKETS
from lambdaloop.ports import Clock, ExperimentLog, Notices, ReleaseLog, Workflows
from lambdaloop.services.ask_for_release import ask_for_release

WORKFLOW = "experiment workflow"
"""Who does what nobody asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What shall become of an experiment."""

    kind: Literal["conclude", "stop", "reshare", "ramp"]
    experiment: str | None = None
    """None: the one under way."""
    arm: str | None = None
    """conclude: the arm that shall stay; None goes by the last look."""
    shares: tuple[int, ...] = ()
    """reshare: by arm."""
    buckets: int | None = None
    """ramp: how many take part from now on."""
    requested_by: str = WORKFLOW
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentPorts:
    """What the life of an experiment needs from the world."""

    releases: ReleaseLog
    experiments: ExperimentLog
    workflows: Workflows
    notices: Notices
    clock: Clock


def advance_experiment(
    model: str, *, order: Order | None = None, workflow: str, ports: ExperimentPorts
) -> Experiment | None:
    """The experiment that is, or was until now, under way; None where there is none.

    An order that was carried out already changes nothing. Raises ExperimentNotFoundError and ExperimentStateError for an
    order that finds no experiment, or one that has ended another way.
    """
    experiment = ports.experiments.current_experiment(model)
    if order is not None and order.experiment not in (None, experiment and experiment.id):
        experiment = ports.experiments.experiment(model, str(order.experiment))
    if experiment is None:
        if order is not None:
            raise ExperimentNotFoundError(f"model {model!r} has no experiment under way")
        return None
    if order is None:
        experiment = _go_on(experiment, ports)
    else:
        experiment = _obey(_go_on(experiment, ports), order, ports)
        # An experiment that never got traffic ends at once.
        experiment = _go_on(experiment, ports)
    if _wants_release(experiment, ports):
        ask_for_release(experiment, workflow=workflow, workflows=ports.workflows)
    return experiment


def _go_on(experiment: Experiment, ports: ExperimentPorts) -> Experiment:
    """Do all that is due; each step may make the next one due."""
    while True:
        releases = ports.releases.releases(experiment.model)
        change = what_is_due(experiment, releases, now=ports.clock.now())
        if change is None:
            return experiment
        experiment = _record(experiment, change, WORKFLOW, ports)


def _obey(experiment: Experiment, order: Order, ports: ExperimentPorts) -> Experiment:
    if order.kind == "reshare":
        arms = _with_shares(experiment, order)
        if arms == experiment.arms or (experiment.status != "running" and order.requested_by == WORKFLOW):
            return experiment
        why = None if order.requested_by == WORKFLOW else f"{order.requested_by}: {order.reason}"
        change = with_shares(experiment, arms, why=why, at=ports.clock.now())
        return _record(experiment, change, order.requested_by, ports)
    if order.kind == "ramp" and order.buckets is not None:
        if order.buckets == experiment.buckets:
            return experiment
        change = ramped(experiment, order.buckets, at=ports.clock.now())
        return _record(experiment, change, order.requested_by, ports)
    if experiment.status == "concluding" or (experiment.status in ENDED and order.requested_by == WORKFLOW):
        return experiment
    if experiment.status in ENDED:
        raise ExperimentStateError(
            f"experiment {experiment.id!r} has ended as {experiment.status}: {experiment.conclusion}"
        )
    winner, verdict, why = _answer(experiment, order)
    change = concluded(
        experiment,
        winner=winner,
        verdict=verdict,
        why=why,
        by_person=order.kind == "stop",
        at=ports.clock.now(),
        requested_by=None if order.requested_by == WORKFLOW else order.requested_by,
    )
    return _record(experiment, change, order.requested_by, ports)


def _with_shares(experiment: Experiment, order: Order) -> tuple[Arm, ...]:
    if order.requested_by != WORKFLOW and not experiment.is_stateless:
        raise ExperimentInvalidError(
            f"experiment {experiment.id!r} is sticky: other shares would give entities other arms; let more of them take part instead"
        )
    if experiment.rules.design == "fixed":
        raise ExperimentInvalidError(
            f"experiment {experiment.id!r} is judged once, by a test that knows one split: its shares stay as they are"
        )
    if len(order.shares) != len(experiment.arms) or sum(order.shares) != BUCKETS:
        raise ExperimentInvalidError(
            f"shares must be {len(experiment.arms)} that add up to {BUCKETS}, got {list(order.shares)}"
        )
    return tuple(replace(arm, share=share) for arm, share in zip(experiment.arms, order.shares, strict=True))


def _answer(experiment: Experiment, order: Order) -> tuple[str, Verdict, str]:
    """Which arm stays, what is said of the experiment, and why."""
    look = experiment.looks[-1] if experiment.looks else None
    verdict: Verdict = look.verdict if look else "undecided"
    if order.kind == "stop":
        return experiment.control.name, verdict, f"stopped by {order.requested_by}: {order.reason}"
    if order.arm is not None:
        if order.arm not in {arm.name for arm in experiment.arms}:
            raise ExperimentInvalidError(
                f"experiment {experiment.id!r} has no arm {order.arm!r}: take one of {[a.name for a in experiment.arms]}"
            )
        return order.arm, verdict, f"{order.requested_by} chose {order.arm}: {order.reason}"
    if look is None:
        raise ExperimentStateError(
            f"experiment {experiment.id!r} was not looked at yet, so it has no answer: name an arm, or stop it"
        )
    said = look.reason if order.requested_by == WORKFLOW else f"{order.requested_by} concluded: {look.reason}"
    return winner_of(experiment, look), verdict, said


def _record(experiment: Experiment, change: Change, by: str, ports: ExperimentPorts) -> Experiment:
    recorded = ports.experiments.record_experiment(experiment, change, by=by)
    if change.kind is not None:
        ports.notices.tell(_subject(recorded), _text(recorded, change))
    return recorded


def _wants_release(experiment: Experiment, ports: ExperimentPorts) -> bool:
    """Whether its last release was not opened yet, and would change anything."""
    releases = ports.releases.releases(experiment.model)
    if any(release.execution == execution_of(experiment) for release in releases):
        return False
    serving = serving_release(experiment, releases)
    match experiment.status:
        case "starting":
            return True
        case "running":
            return serving is not None and not serves_as_asked(serving, experiment)
        case "concluding":
            return serving is not None or awaits_winner(experiment, releases)
    return False


def _subject(experiment: Experiment) -> str:
    return f"Experiment {experiment.id} of {experiment.model}: {experiment.status}"


def _text(experiment: Experiment, change: Change) -> str:
    lines = [change.why]
    if experiment.winner is not None:
        lines.append(f"Arm that stays: {experiment.winner}")
    lines.append(f"lambdaloop experiment status {experiment.model} --id {experiment.id}")
    return "\n".join(lines)
