"""What somebody asks for when an experiment shall start, and what about it can be wrong."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lambdaloop.domain.alias import CHAMPION
from lambdaloop.domain.errors import ExperimentInvalidError
from lambdaloop.domain.experiment import Arm, AssignmentMode, Experiment, ExperimentRules, ReleaseOrder
from lambdaloop.domain.metrics import Task
from lambdaloop.domain.namespace import BUCKETS

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")
_MOST_ARMS = 10
_MOST_DAYS = 90
_FEWEST_UNITS = 20
"""With fewer, the intervals of means do not hold: from 2 on, one experiment in ten without a difference declared one."""
_PERCENT = BUCKETS // 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentRequest:
    """An experiment as it is asked for; the same id asked for again is the same experiment."""

    id: str
    arms: tuple[Arm, ...]
    """The first one is the control."""
    rules: ExperimentRules
    requested_by: str
    reason: str
    namespace: str | None = None
    """None: one of the model's own."""
    assignment: AssignmentMode = "sticky"
    """Who gets which arm."""
    buckets: int = BUCKETS
    """How many of the namespace's 10,000 buckets take part."""
    first_bucket: int | None = None
    """None: wherever there is room."""
    salt: str | None = None
    """None: the id. The salt of an earlier experiment gives everybody the arm of that time again."""


def draft_experiment(
    request: ExperimentRequest, *, model: str, task: Task, champion: int, at: datetime
) -> Experiment:
    """The record to begin with; ExperimentInvalidError names what cannot be."""
    _check_names(request)
    _check_arms(request.arms, champion=champion)
    if request.assignment == "stateless":
        _check_stateless(request)
    _check_rules(request.rules, task)
    if not 1 <= request.buckets <= BUCKETS:
        raise ExperimentInvalidError(f"buckets must be 1 to {BUCKETS}, got {request.buckets}")
    first = request.first_bucket or 0
    if not 0 <= first <= BUCKETS - request.buckets:
        raise ExperimentInvalidError(
            f"first_bucket must be 0 to {BUCKETS - request.buckets} for {request.buckets} buckets, got {first}"
        )
    return Experiment(
        id=request.id,
        model=model,
        status="starting",
        arms=request.arms,
        salt=request.salt or request.id,
        namespace=request.namespace or model,
        first_bucket=first,
        buckets=buckets_of(request),
        assignment=request.assignment,
        rules=request.rules,
        requested_by=request.requested_by,
        reason=request.reason,
        created_at=at,
        order=ReleaseOrder(
            number=1,
            version=champion if request.assignment == "sticky" else request.arms[1].version,
            arms=request.arms,
            at=at,
        ),
    )


def buckets_of(request: ExperimentRequest) -> int:
    """How many of its namespace's buckets it holds: none without entities."""
    return request.buckets if request.assignment == "sticky" else 0


def split_evenly(arms: int) -> tuple[int, ...]:
    """Shares of 10,000 buckets that differ by one at most.

    >>> split_evenly(3)
    (3334, 3333, 3333)
    """
    share, left = divmod(BUCKETS, arms)
    return tuple(share + (number < left) for number in range(arms))


def _check_names(request: ExperimentRequest) -> None:
    for what, name in (
        ("id", request.id),
        ("namespace", request.namespace),
        *(("arm", arm.name) for arm in request.arms),
    ):
        if name is not None and not _NAME.fullmatch(name):
            raise ExperimentInvalidError(
                f"{what} must be lower-case letters, digits and hyphens, 1 to 32 of them, got {name!r}"
            )


def _check_arms(arms: Sequence[Arm], *, champion: int) -> None:
    if not 2 <= len(arms) <= _MOST_ARMS:
        raise ExperimentInvalidError(
            f"an experiment needs 2 to {_MOST_ARMS} arms, control included, got {len(arms)}"
        )
    names = [arm.name for arm in arms]
    if len(set(names)) < len(names):
        raise ExperimentInvalidError(f"arms need names of their own, got {names}")
    if CHAMPION in names:
        raise ExperimentInvalidError(
            f"no arm may be called {CHAMPION!r}: that is who answers entities outside the experiment"
        )
    if arms[0].version != champion:
        raise ExperimentInvalidError(
            f"the first arm is the control and must be the champion, version {champion}, got version {arms[0].version}"
        )
    if (total := sum(arm.share for arm in arms)) != BUCKETS or any(arm.share < 1 for arm in arms):
        raise ExperimentInvalidError(
            f"shares must be 1 or more and add up to {BUCKETS}, got {[arm.share for arm in arms]}, which make {total}"
        )


def check_weights(arms: Sequence[Arm]) -> None:
    """ExperimentInvalidError unless the weighted alias can split requests like that."""
    if len(arms) != 2:
        raise ExperimentInvalidError(
            f"a stateless experiment has two arms, because an alias splits requests between two Lambda versions, got {len(arms)}: "
            "start a sticky one, or one after the other"
        )
    treatment = arms[1]
    if treatment.share % _PERCENT or not _PERCENT <= treatment.share <= BUCKETS - _PERCENT:
        raise ExperimentInvalidError(
            f"the share of arm {treatment.name!r} must be a whole percentage from 1 to 99 in a stateless experiment, "
            f"got {treatment.share / _PERCENT:g} %"
        )


def whole_percents(shares: tuple[int, ...]) -> tuple[int, ...]:
    """Shares of two arms, as near as an alias can have them.

    >>> whole_percents((7149, 2851))
    (7100, 2900)
    """
    treatment = min(max(round(shares[1] / _PERCENT), 1), 99) * _PERCENT
    return (BUCKETS - treatment, treatment)


def _check_stateless(request: ExperimentRequest) -> None:
    check_weights(request.arms)
    sticky: tuple[tuple[str, object], ...] = (
        ("namespace", request.namespace),
        ("salt", request.salt),
        ("first_bucket", request.first_bucket),
        ("buckets", None if request.buckets == BUCKETS else request.buckets),
    )
    for name, value in sticky:
        if value is not None:
            raise ExperimentInvalidError(
                f"{name} belongs to entities, and a stateless experiment follows none: it splits all requests; leave out "
                f"{name} (got {value}) and choose the share of arm {request.arms[1].name!r}, or start a sticky one"
            )


def _check_rules(rules: ExperimentRules, task: Task) -> None:
    if (rules.outcome == "squared_error") != (task == "regression") and rules.outcome != "reward":
        fitting = "squared_error" if task == "regression" else "correct"
        raise ExperimentInvalidError(
            f"outcome {rules.outcome!r} does not fit a {task} model: take {fitting} or reward"
        )
    limits: tuple[tuple[str, float, float, float], ...] = (
        ("alpha", rules.alpha, 1e-6, 0.5),
        ("min_units", rules.min_units, _FEWEST_UNITS, 1e9),
        ("max_days", rules.max_days, 1, _MOST_DAYS),
        ("max_error_rate", rules.max_error_rate, 0, 1),
    )
    for name, value, low, high in limits:
        if not low <= value <= high:
            raise ExperimentInvalidError(f"{name} must be {low:g} to {high:g}, got {value:g}")
    _check_design(rules)
    for name, effect in (("smallest_effect", rules.smallest_effect), ("max_harm", rules.max_harm)):
        if effect is not None and not (math.isfinite(effect) and effect > 0):
            raise ExperimentInvalidError(f"{name} must be a number above 0, got {effect:g}")


def _check_design(rules: ExperimentRules) -> None:
    if rules.design == "sequential":
        if rules.units_per_arm is not None:
            raise ExperimentInvalidError(
                f"units_per_arm belongs to a fixed design, which is judged when they are there, got {rules.units_per_arm}: leave it "
                "out, or take design fixed"
            )
        return
    if rules.policy != "fixed":
        raise ExperimentInvalidError(
            f"a fixed design needs fixed shares, got policy {rules.policy!r}: its test knows one split; take design sequential"
        )
    if rules.units_per_arm is None:
        raise ExperimentInvalidError(
            "a fixed design needs units_per_arm: `lambdaloop experiment plan` says how many find the effect"
        )
    if not rules.min_units <= rules.units_per_arm <= 1e9:
        raise ExperimentInvalidError(
            f"units_per_arm must be at least min_units, {rules.min_units}, got {rules.units_per_arm}"
        )
