"""How much worse or better one estimate is than another beyond doubt."""

import math
from dataclasses import dataclass

from lambdaloop.domain.metrics import greater_is_better
from lambdaloop.domain.outcomes import Estimate
from lambdaloop.domain.replay import Z_ONE_SIDED
from lambdaloop.monitoring.intervals import Z

_NARROWER = Z_ONE_SIDED / Z
"""The ends of a one-sided interval lie nearer than those of the two-sided ones that metrics come with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertainDifference:
    """One-sided 95 % lower bounds, in the metric's own unit."""

    drop: float
    """Of how much worse the first is; negative when it may be better."""
    gain: float
    """Of how much better it is."""


def certain_difference(metric: str, current: Estimate, reference: Estimate) -> CertainDifference | None:
    """Of two metrics of different rows; None when one has no value.

    Both intervals together bound the difference, wherever their values lie in them: MOVER, see Zou and Donner, "Construction
    of confidence limits about effect measures" (2008).

    >>> found = certain_difference(
    ...     "accuracy", Estimate(value=0.5, low=0.4, high=0.6), Estimate(value=0.8, low=0.7, high=0.9)
    ... )
    >>> round(found.drop, 3)
    0.181
    """
    one, other = _whole(current), _whole(reference)
    if one is None or other is None:
        return None
    if greater_is_better(metric):
        return CertainDifference(drop=_low(other, one), gain=_low(one, other))
    return CertainDifference(drop=_low(one, other), gain=_low(other, one))


def _whole(estimate: Estimate) -> tuple[float, float, float] | None:
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return None
    return estimate.low, estimate.value, estimate.high


def _low(greater: tuple[float, float, float], smaller: tuple[float, float, float]) -> float:
    """Of greater - smaller."""
    (low, value, _), (_, other, high) = greater, smaller
    return value - other - _NARROWER * math.hypot(value - low, high - other)
