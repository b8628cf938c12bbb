"""What is kept of one arm's outcomes: everything else in this package is computed from these, one experiment or thousands at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lambdaloop.domain.experiment import ArmFigures

Floats = NDArray[np.float64]
"""One value, or one per experiment and look: every function here works element by element."""

_ROUNDING = 1e-12
"""A sum of squares around the mean that is this small beside the sum of squares around 0 is what subtracting left over."""

_ADDED = 4.5
"""Hits, and as many misses: half the square of three standard errors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Of one arm's measured units: their outcomes, and what was known of them before (the covariate)."""

    count: Floats
    mean: Floats
    variance: Floats
    """Of a unit's outcome."""
    covariate_mean: Floats
    covariate_variance: Floats
    covariance: Floats


def moments(figures: ArmFigures, *, within_0_and_1: bool) -> Moments:
    """Of an arm's figures."""
    return moments_of_sums(
        figures.measured,
        figures.total,
        figures.squares,
        figures.covariate_total,
        figures.covariate_squares,
        figures.products,
        within_0_and_1=within_0_and_1,
    )


def moments_of_sums(
    count: ArrayLike,
    total: ArrayLike,
    squares: ArrayLike,
    covariate_total: ArrayLike = 0.0,
    covariate_squares: ArrayLike = 0.0,
    products: ArrayLike = 0.0,
    *,
    within_0_and_1: bool,
) -> Moments:
    """Of sums over units.

    Outcomes that lie between 0 and 1 get some units of either end added before their variance is taken (not their mean): a
    hundred hits in a row do not show that there are no misses (A. Agresti, B. A. Coull, The American Statistician 52, 1998, for
    an interval of three standard errors, which is about where a confidence sequence ends). Without a
    unit, means are NaN; with fewer than two, variances are.
    """
    n, y, yy, x, xx, xy = (
        np.asarray(each, dtype=np.float64)
        for each in (count, total, squares, covariate_total, covariate_squares, products)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = np.where(n > 1, n - 1, np.nan)
        return Moments(
            count=n,
            mean=y / n,
            variance=(
                _around_mean(n + 2 * _ADDED, y + _ADDED, yy + _ADDED)
                if within_0_and_1
                else _around_mean(n, y, yy)
            )
            / freedom,
            covariate_mean=x / n,
            covariate_variance=_around_mean(n, x, xx) / freedom,
            covariance=(xy - x * y / n) / freedom,
        )


def _around_mean(count: Floats, total: Floats, squares: Floats) -> Floats:
    around = squares - total * total / count
    return np.where(around > _ROUNDING * squares, around, 0.0)
