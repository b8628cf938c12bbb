"""What somebody asks for when an experiment shall start, and what about it can be wrong."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lambdaloop.domain.alias import CHAMPION
from lambdaloop.domain.errors import ExperimentInvalidError
from lambdaloop.domain.experiment import Arm, Experiment, ExperimentRules, ReleaseOrder
from lambdaloop.domain.metrics import Task
from lambdaloop.domain.namespace import BUCKETS

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")
_MOST_ARMS = 10
_MOST_DAYS = 90


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
        buckets=request.buckets,
        rules=request.rules,
        requested_by=request.requested_by,
        reason=request.reason,
        created_at=at,
        order=ReleaseOrder(number=1, version=champion, arms=request.arms, at=at),
    )


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


def _check_rules(rules: ExperimentRules, task: Task) -> None:
    if (rules.outcome == "squared_error") != (task == "regression") and rules.outcome != "reward":
        fitting = "squared_error" if task == "regression" else "correct"
        raise ExperimentInvalidError(
            f"outcome {rules.outcome!r} does not fit a {task} model: take {fitting} or reward"
        )
    limits: tuple[tuple[str, float, float, float], ...] = (
        ("alpha", rules.alpha, 1e-6, 0.5),
        ("min_units", rules.min_units, 2, 1e9),
        ("max_days", rules.max_days, 1, _MOST_DAYS),
        ("max_error_rate", rules.max_error_rate, 0, 1),
    )
    for name, value, low, high in limits:
        if not low <= value <= high:
            raise ExperimentInvalidError(f"{name} must be {low:g} to {high:g}, got {value:g}")
    for name, effect in (("smallest_effect", rules.smallest_effect), ("max_harm", rules.max_harm)):
        if effect is not None and not (math.isfinite(effect) and effect > 0):
            raise ExperimentInvalidError(f"{name} must be a number above 0, got {effect:g}")
