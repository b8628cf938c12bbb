"""The gate: what a run's winner must reach on the holdout before it becomes a version."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from lambdaloop.domain.definition import Gate
from lambdaloop.domain.metrics import greater_is_better, improvement


@dataclass(frozen=True, slots=True, kw_only=True)
class GateCheck:
    """One question of the gate with the numbers that answered it."""

    name: str
    """minimum or champion."""
    metric: str
    value: float | None
    """The winner's; None where the metric has no value."""
    limit: float | None
    """Worst acceptable value; None when it could not be computed."""
    passed: bool
    reason: str
    """In words, with the numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChampionScore:
    """The champion on the same holdout, or why it could not be evaluated."""

    version: int
    value: float | None
    problem: str | None = None
    doubt: str | None = None
    """Why the comparison may flatter the champion."""


def check_gate(
    gate: Gate,
    *,
    metric: str,
    metrics: Mapping[str, float | None],
    champion: ChampionScore | None,
    must_improve: bool = False,
) -> tuple[GateCheck, ...]:
    """Every check, passed or not; a metric without a finite value fails, and a champion without one if it is required.

    must_improve: a winner that is only as good as the champion does not pass, unless the gate allows a drop anyway: who is
    asked every other day for a new model keeps the old one when there is no reason to change.
    """
    checks = [_minimum(name, metrics.get(name), limit) for name, limit in gate.minimum.items()]
    if champion is not None:
        checks.append(_against(champion, metric, metrics.get(metric), gate, must_improve=must_improve))
    if metric not in gate.minimum:
        checks.append(_has_value(metric, metrics.get(metric)))
    return tuple(checks)


def _has_value(metric: str, value: float | None) -> GateCheck:
    """A winner whose own metric has no value is no winner."""
    passed = _finite(value) is not None
    reason = f"{metric} is {value:.6g}" if passed else f"{metric} has no value on the holdout"
    return GateCheck(
        name="value", metric=metric, value=_finite(value), limit=None, passed=passed, reason=reason
    )


def _minimum(metric: str, value: float | None, limit: float) -> GateCheck:
    value = _finite(value)
    word = "at least" if greater_is_better(metric) else "at most"
    if value is None:
        passed, reason = False, f"{metric} has no value on the holdout, wanted {word} {limit:g}"
    else:
        passed = improvement(metric, value, over=limit) >= 0
        reason = f"{metric} is {value:.6g}, wanted {word} {limit:g}"
    return GateCheck(name="minimum", metric=metric, value=value, limit=limit, passed=passed, reason=reason)


def _against(
    champion: ChampionScore, metric: str, value: float | None, gate: Gate, *, must_improve: bool
) -> GateCheck:
    value, theirs = _finite(value), _finite(champion.value)
    who = f"champion version {champion.version}"
    limit = None
    if theirs is None:
        reason = f"{who} could not be evaluated: {champion.problem or f'its {metric} has no value'}"
        passed = gate.champion == "optional"
        reason += (
            "; gate.champion is optional"
            if passed
            else "; to go on without it, set champion: optional in the definition's gate"
        )
    else:
        limit = theirs - gate.max_drop if greater_is_better(metric) else theirs + gate.max_drop
        if value is None:
            passed, reason = False, f"{metric} has no value on the holdout, {who} has {theirs:.6g}"
        else:
            gain = improvement(metric, value, over=limit)
            strict = must_improve and gate.max_drop == 0
            passed = gain > 0 if strict else gain >= 0
            wanted = "it must be better" if strict else f"allowed drop {gate.max_drop:g}"
            reason = f"{metric} is {value:.6g}, {who} has {theirs:.6g}, {wanted}"
            if strict and not passed:
                reason += "; it is not, so the champion stays"
        if champion.doubt:
            reason += f"; {champion.doubt}"
    return GateCheck(name="champion", metric=metric, value=value, limit=limit, passed=passed, reason=reason)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
