"""The life of an experiment: starting, running, concluding, and its end. Pure decisions on records.

What is due follows from the records alone: which release the experiment asked for last, and which release is live. So
whoever comes next, after a crash, a refused release or a rollback by hand, goes on where the one before left off.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lambdaloop.domain.errors import ExperimentInvalidError, ExperimentStateError
from lambdaloop.domain.experiment import ENDED, Arm, Experiment, ExperimentStatus, Look, ReleaseOrder, Verdict
from lambdaloop.domain.namespace import BUCKETS
from lambdaloop.domain.release import OPEN_STATUSES, Release

PATIENCE = timedelta(minutes=15)
"""How long a release workflow may take until it has opened its release; one that was refused never does."""
KEPT_LOOKS = 48
"""In the record: an item has 400 KB at most. All looks ever taken lie in the capture bucket."""
_LONGEST_NAME = 80  # of a Step Functions execution


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A new state of an experiment, and the audit event that tells of it."""

    experiment: Experiment
    kind: str | None
    """None for what is no event, such as one look more."""
    why: str
    at: datetime


def execution_of(experiment: Experiment) -> str:
    """The name of the release workflow's execution that brings what the experiment asked for last."""
    number = experiment.order.number if experiment.order else 0
    name = f"{experiment.model}-{experiment.id}-{number}"
    if len(name) <= _LONGEST_NAME:
        return name
    return f"experiment-{hashlib.sha256(name.encode()).hexdigest()[:32]}-{number}"


def what_is_due(experiment: Experiment, releases: Sequence[Release], *, now: datetime) -> Change | None:
    """What follows from the present releases, newest first; None while there is nothing to do but to wait."""
    own = next((each for each in releases if each.execution == execution_of(experiment)), None)
    live = next((each for each in releases if each.status == "live"), None)
    match experiment.status:
        case "starting":
            return _starting(experiment, own, now)
        case "running":
            return _running(experiment, own, live, now)
        case "concluding":
            return _concluding(experiment, own, live, releases, now)
    return None


def serves_arms(release: Release | None, experiment: Experiment) -> bool:
    """Whether this release answers with the arms of the experiment."""
    return release is not None and release.experiment is not None and release.experiment.id == experiment.id


def arms_of(release: Release) -> tuple[Arm, ...]:
    """What it answers with; none for a release of one version."""
    pinned = release.experiment.arms if release.experiment else ()
    return tuple(Arm(name=arm.name, version=arm.version, share=arm.share) for arm in pinned)


def looked(experiment: Experiment, look: Look) -> Change:
    """One more look; another one of the same time gives way."""
    others = [each for each in experiment.looks if each.at != look.at]
    looks = sorted([*others, look], key=lambda each: each.at)[-KEPT_LOOKS:]
    return Change(experiment=_next(experiment, looks=tuple(looks)), kind=None, why=look.reason, at=look.at)


def with_shares(experiment: Experiment, arms: tuple[Arm, ...], *, at: datetime) -> Change:
    """A running experiment asks for a release with other shares; ExperimentStateError when it does not run."""
    _check_status(experiment, "running")
    order = ReleaseOrder(number=_following(experiment), version=experiment.control.version, arms=arms, at=at)
    shares = ", ".join(f"{arm.name} {arm.share / BUCKETS:.0%}" for arm in arms)
    return Change(
        experiment=_next(experiment, arms=arms, order=order),
        kind="experiment_shares_asked",
        why=f"shares follow the outcomes: {shares}",
        at=at,
    )


def ramped(experiment: Experiment, buckets: int, *, at: datetime) -> Change:
    """A running experiment asks for a release with more entities: its range grows at its end, so nobody changes arm.

    Raises ExperimentStateError when it does not run, ExperimentInvalidError for fewer buckets than it has.
    """
    _check_status(experiment, "running")
    if not experiment.buckets < buckets <= BUCKETS - experiment.first_bucket:
        raise ExperimentInvalidError(
            f"experiment {experiment.id!r} has {experiment.buckets} buckets from {experiment.first_bucket} on and can grow to "
            f"{BUCKETS - experiment.first_bucket}, got {buckets}"
        )
    order = ReleaseOrder(
        number=_following(experiment), version=experiment.control.version, arms=experiment.arms, at=at
    )
    return Change(
        experiment=_next(experiment, buckets=buckets, order=order),
        kind="experiment_ramped",
        why=f"{buckets / BUCKETS:.0%} of all entities take part",
        at=at,
    )


def serves_as_asked(release: Release | None, experiment: Experiment) -> bool:
    """Whether it answers with the arms, shares and range that the experiment wants now."""
    if release is None or release.experiment is None or not serves_arms(release, experiment):
        return False
    return arms_of(release) == experiment.arms and release.experiment.buckets == experiment.buckets


def concluded(
    experiment: Experiment, *, winner: str | None, verdict: Verdict, why: str, by_person: bool, at: datetime
) -> Change:
    """Asks for a release of the arm that shall stay, the control where no winner is named.

    ExperimentStateError when it concludes already or has ended.
    """
    _check_status(experiment, "starting", "running")
    name = winner or experiment.control.name
    changed = _next(
        experiment,
        status="concluding",
        winner=name,
        verdict=verdict,
        conclusion=why,
        ending="stopped" if by_person else "concluded",
        order=ReleaseOrder(number=_following(experiment), version=experiment.arm(name).version, at=at),
    )
    return Change(experiment=changed, kind="experiment_concluding", why=f"{name} stays: {why}", at=at)


def winner_of(experiment: Experiment, look: Look) -> str:
    """The arm that stays after this look."""
    if look.verdict == "better" and look.winner is not None:
        return look.winner
    if look.verdict == "equal" and experiment.rules.on_equal == "promote":
        return experiment.arms[1].name
    return experiment.control.name


def _starting(experiment: Experiment, own: Release | None, now: datetime) -> Change | None:
    if own is None:
        if not _is_late(experiment, now):
            return None
        return _end(
            experiment,
            "failed",
            "its release was not opened: another release was running, or the workflow failed",
            now,
        )
    if own.status in OPEN_STATUSES:
        return None
    if own.status == "live":
        begun = _next(experiment, status="running", started_at=own.closed_at, release=own.number)
        return Change(experiment=begun, kind="experiment_began", why=f"release {own.number} is live", at=now)
    why = f"release {own.number} ended as {own.status}: {own.outcome}"
    return _end(experiment, "failed", why, now)


def _running(
    experiment: Experiment, own: Release | None, live: Release | None, now: datetime
) -> Change | None:
    if live is None or not serves_arms(live, experiment):
        return _end(experiment, "stopped", _replaced(live), now)
    if own is not None and own.status == "live":
        if experiment.release == own.number:
            return None
        return Change(
            experiment=_next(experiment, release=own.number),
            kind="experiment_shares_changed",
            why=f"release {own.number} is live",
            at=now,
        )
    waiting = not _is_late(experiment, now) if own is None else own.status in OPEN_STATUSES
    if waiting or live.experiment is None or serves_as_asked(live, experiment):
        return None
    why = f"release {own.number} was rolled back: {own.outcome}" if own else "the release was not opened"
    kept = _next(experiment, arms=arms_of(live), buckets=live.experiment.buckets)
    return Change(experiment=kept, kind="experiment_shares_kept", why=why, at=now)


def _concluding(
    experiment: Experiment,
    own: Release | None,
    live: Release | None,
    releases: Sequence[Release],
    now: datetime,
) -> Change | None:
    order = experiment.order
    at_work = any(
        each.status in OPEN_STATUSES and (each is own or serves_arms(each, experiment)) for each in releases
    )
    if order is None or at_work:
        return None
    if not serves_arms(live, experiment):
        if live is not None and live.version == order.version and experiment.ending is not None:
            return _end(experiment, experiment.ending, str(experiment.conclusion), now)
        return _end(experiment, "stopped", f"{experiment.conclusion}; {_replaced(live)}", now)
    if own is None and not _is_late(experiment, now):
        return None
    if own is not None and order.version != experiment.control.version:
        why = f"release {own.number} of the winner was rolled back: {own.outcome}; the control stays"
        control = experiment.control
        return Change(
            experiment=_next(
                experiment,
                winner=control.name,
                conclusion=f"{experiment.conclusion}; {why}",
                order=_again(experiment, order, control.version, now),
            ),
            kind="experiment_winner_refused",
            why=why,
            at=now,
        )
    why = "the release was not opened" if own is None else f"release {own.number} was rolled back"
    return Change(
        experiment=_next(experiment, order=_again(experiment, order, order.version, now)),
        kind="experiment_release_repeated",
        why=f"{why}: asked for anew",
        at=now,
    )


def _again(experiment: Experiment, order: ReleaseOrder, version: int, at: datetime) -> ReleaseOrder:
    return replace(order, number=_following(experiment), version=version, at=at)


def _end(experiment: Experiment, status: ExperimentStatus, why: str, at: datetime) -> Change:
    ended = _next(experiment, status=status, conclusion=why, ended_at=at)
    return Change(experiment=ended, kind=f"experiment_{status}", why=why, at=at)


def _replaced(live: Release | None) -> str:
    if live is None:
        return "no release is live any more"
    return f"release {live.number} serves instead: somebody released or rolled back by hand"


def _is_late(experiment: Experiment, now: datetime) -> bool:
    return experiment.order is not None and now >= experiment.order.at + PATIENCE


def _following(experiment: Experiment) -> int:
    return 1 + (experiment.order.number if experiment.order else 0)


def _check_status(experiment: Experiment, *allowed: ExperimentStatus) -> None:
    if experiment.status not in allowed:
        state = "has ended as" if experiment.status in ENDED else "is"
        raise ExperimentStateError(
            f"experiment {experiment.id!r} of model {experiment.model!r} {state} {experiment.status}, wanted "
            f"{' or '.join(allowed)}"
        )


def _next(experiment: Experiment, **changes: object) -> Experiment:
    changed: Experiment = replace(experiment, revision=experiment.revision + 1, **changes)  # type: ignore[arg-type]
    return changed
