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
from lambdaloop.domain.experiment_request import check_weights
from lambdaloop.domain.experiment_serving import (
    arms_of,
    awaits_winner,
    called_off,
    serves_arms,
    serves_as_asked,
    serving_release,
    serving_status,
)
from lambdaloop.domain.namespace import BUCKETS
from lambdaloop.domain.release import OPEN_STATUSES, Release
from lambdaloop.domain.returning import live_of

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
    match experiment.status:
        case "starting":
            return _starting(experiment, own, now)
        case "running":
            return _running(experiment, own, releases, now)
        case "concluding":
            return _concluding(experiment, own, releases, now)
    return None


def looked(experiment: Experiment, look: Look) -> Change:
    """One more look; another one of the same time gives way."""
    others = [each for each in experiment.looks if each.at != look.at]
    looks = sorted([*others, look], key=lambda each: each.at)[-KEPT_LOOKS:]
    return Change(experiment=_next(experiment, looks=tuple(looks)), kind=None, why=look.reason, at=look.at)


def with_shares(
    experiment: Experiment, arms: tuple[Arm, ...], *, why: str | None = None, at: datetime
) -> Change:
    """A running experiment asks for a release with other shares.

    Raises ExperimentStateError when it does not run, ExperimentInvalidError for shares that an alias cannot have.
    """
    _check_status(experiment, "running")
    if experiment.is_stateless:
        check_weights(arms)
    released = experiment.arms[1] if experiment.is_stateless else experiment.control
    order = ReleaseOrder(number=_following(experiment), version=released.version, arms=arms, at=at)
    shares = ", ".join(f"{arm.name} {arm.share / BUCKETS:.0%}" for arm in arms)
    return Change(
        experiment=_next(experiment, arms=arms, order=order),
        kind="experiment_shares_asked",
        why=f"{'shares follow the outcomes' if why is None else why}: {shares}",
        at=at,
    )


def ramped(experiment: Experiment, buckets: int, *, at: datetime) -> Change:
    """A running experiment asks for a release with more entities: its range grows at its end, so nobody changes arm.

    Raises ExperimentStateError when it does not run, ExperimentInvalidError for fewer buckets than it has.
    """
    _check_status(experiment, "running")
    if experiment.is_stateless:
        raise ExperimentInvalidError(
            f"experiment {experiment.id!r} is stateless and splits all requests, not entities: ramp the share of arm "
            f"{experiment.arms[1].name!r} instead"
        )
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


def concluded(
    experiment: Experiment,
    *,
    winner: str | None,
    verdict: Verdict,
    why: str,
    by_person: bool,
    at: datetime,
    requested_by: str | None = None,
) -> Change:
    """Asks for a release of the arm that shall stay, the control where no winner is named; `requested_by`: the person who wants it.

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
        order=ReleaseOrder(
            number=_following(experiment),
            version=experiment.arm(name).version,
            requested_by=requested_by,
            at=at,
        ),
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
    if own.status == serving_status(experiment):
        started = own.shared_at or own.closed_at
        begun = _next(experiment, status="running", started_at=started, release=own.number)
        return Change(experiment=begun, kind="experiment_began", why=_serves(own), at=now)
    why = f"release {own.number} ended as {own.status}: {own.outcome}"
    return _end(experiment, "failed", why, now)


def _running(
    experiment: Experiment, own: Release | None, releases: Sequence[Release], now: datetime
) -> Change | None:
    serving = serving_release(experiment, releases)
    waiting = not _is_late(experiment, now) if own is None else own.status in OPEN_STATUSES
    if serving is None:
        # Stateless, a release with another share takes the place of the one before, and the control answers alone meanwhile.
        if experiment.is_stateless and waiting and not called_off(experiment, releases):
            return None
        return _end(experiment, "stopped", _replaced(experiment, own, releases), now)
    if own is not None and own is serving:
        if experiment.release == own.number:
            return None
        return Change(
            experiment=_next(experiment, release=own.number),
            kind="experiment_shares_changed",
            why=_serves(own),
            at=now,
        )
    if waiting or serves_as_asked(serving, experiment):
        return None
    why = f"release {own.number} was rolled back: {own.outcome}" if own else "the release was not opened"
    buckets = serving.experiment.buckets if serving.experiment else experiment.buckets
    kept = _next(experiment, arms=arms_of(serving, experiment), buckets=buckets)
    return Change(experiment=kept, kind="experiment_shares_kept", why=why, at=now)


def _concluding(
    experiment: Experiment,
    own: Release | None,
    releases: Sequence[Release],
    now: datetime,
) -> Change | None:
    order, live = experiment.order, live_of(releases)
    at_work = any(
        each.status in OPEN_STATUSES and (each is own or serves_arms(each, experiment)) for each in releases
    )
    if order is None or at_work:
        return None
    if serving_release(experiment, releases) is None and not awaits_winner(experiment, releases):
        if live is not None and live.version == order.version and experiment.ending is not None:
            return _end(experiment, experiment.ending, str(experiment.conclusion), now)
        return _end(
            experiment, "stopped", f"{experiment.conclusion}; {_replaced(experiment, own, releases)}", now
        )
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


def _serves(release: Release) -> str:
    share = release.share
    return f"release {release.number} " + (f"has {share.percent} % of the requests" if share else "is live")


def _replaced(experiment: Experiment, own: Release | None, releases: Sequence[Release]) -> str:
    """Why its arms do not serve any more."""
    live = live_of(releases)
    served = next((each for each in releases if each.number == experiment.release), None)
    if served is not None and served.status == "rolled_back":
        return f"release {served.number} was rolled back: {served.outcome}"
    if experiment.is_stateless and own is not None:
        return f"release {own.number} ended as {own.status}: {own.outcome}"
    if experiment.is_stateless and live is not None and live.version == experiment.control.version:
        return "the release with its next share was not opened; the control has all requests"
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
