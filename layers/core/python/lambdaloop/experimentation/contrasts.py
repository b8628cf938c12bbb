"""The difference between an arm and the control, over one or several periods of constant shares.

Shares that follow the outcomes (Thompson) would spoil a difference of overall means: a good day's units would weigh more in the
arm that was large that day. Within a period nothing moves, so each period has a difference of its own, and they are weighted by
their numbers of units, which do not depend on that period's outcomes. The weighted sum stays a martingale without a difference.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lambdaloop.experimentation.covariate_adjustment import adjusted, slope
from lambdaloop.experimentation.moments import Floats, Moments


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Of the mean outcomes, arm - control."""

    value: Floats
    variance: Floats
    """Of the value."""
    variance_reduction: Floats
    """Share of the variance that the covariate took away."""


def difference(control: Sequence[Moments], arm: Sequence[Moments], by: Floats) -> Difference:
    """From the moments of both, period by period; `by` is the covariate's slope. NaN where no period has two units of each."""
    value, variance, plain, weights = (np.zeros(()) for _ in range(4))
    with np.errstate(divide="ignore", invalid="ignore"):
        for first, second in zip(control, arm, strict=True):
            usable = (first.count > 1) & (second.count > 1)
            weight = np.where(usable, first.count * second.count / (first.count + second.count), 0.0)
            (first_mean, first_rest), (second_mean, second_rest) = adjusted(first, by), adjusted(second, by)
            value = value + _weighted(weight, second_mean - first_mean)
            variance = variance + _weighted(
                weight**2, variance_of_difference(first.count, first_rest, second.count, second_rest)
            )
            plain = plain + _weighted(
                weight**2, first.variance / first.count + second.variance / second.count
            )
            weights = weights + weight
        return Difference(
            value=value / weights,
            variance=variance / weights**2,
            variance_reduction=np.nan_to_num(np.maximum(0.0, 1 - variance / plain)),
        )


def common_slope(arms: Sequence[Sequence[Moments]]) -> Floats:
    """Of the outcome on the covariate, over all arms and periods."""
    return slope([period for arm in arms for period in arm])


def variance_of_difference(
    first_count: ArrayLike, first_unit: ArrayLike, second_count: ArrayLike, second_unit: ArrayLike
) -> Floats:
    """Of two arms' means, from the number of units of either and the variance of one.

    An arm's own variance is used where it is larger than that of both together. Where outcomes are skewed, a small arm that has
    not met a rare large one yet has too small a mean and too small a variance at the same time, and would look certain of it.
    """
    n, m, own, other = (
        np.asarray(each, dtype=np.float64) for each in (first_count, second_count, first_unit, second_unit)
    )
    together = ((n - 1) * own + (m - 1) * other) / (n + m - 2)
    spread: Floats = np.maximum(own, together) / n + np.maximum(other, together) / m
    return spread


def _weighted(weight: Floats, values: Floats) -> Floats:
    return np.where(weight > 0, weight * values, 0.0)
