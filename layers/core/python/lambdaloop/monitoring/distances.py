"""How far one distribution is from another: effect sizes, which do not grow with the number of rows.

All but one work on cells: counts of a window and of the baseline by bin or category, in the same order.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import rel_entr

from lambdaloop.domain.profile import NumericProfile

Cells = NDArray[np.float64]
"""Counts by cell, at least one of them above 0."""

_PSEUDO_COUNT = 0.5


def psi(current: Cells, baseline: Cells) -> float:
    """Population stability index: the sum over cells of (p - q) ln(p / q), which is 0 for equal shares.

    Cells that are empty on both sides are left out; to every other one half a row is added on both sides, else a single row
    in a cell that the other side lacks would make it infinite. The effect of that half row vanishes with more rows.

    References
    ----------
    N. Siddiqi, Credit Risk Scorecards, 2006: below 0.1 no, to 0.25 some, above a major change.

    >>> round(psi(np.array([300.0, 700.0]), np.array([500.0, 500.0])), 2)
    0.17

    """
    used = (current > 0) | (baseline > 0)
    p, q = (_shares(cells[used] + _PSEUDO_COUNT) for cells in (current, baseline))
    return float(((p - q) * np.log(p / q)).sum())


def jensen_shannon(current: Cells, baseline: Cells) -> float:
    """Jensen-Shannon distance to the base 2: 0 for equal shares, 1 for shares without a common cell.

    >>> jensen_shannon(np.array([1.0, 0.0]), np.array([0.0, 5.0]))
    1.0

    """
    p, q = _shares(current), _shares(baseline)
    middle = (p + q) / 2
    divergence = (rel_entr(p, middle).sum() + rel_entr(q, middle).sum()) / (2 * math.log(2))
    return math.sqrt(max(0.0, float(divergence)))


def cramers_v(current: Cells, baseline: Cells) -> float:
    """Cramér's V of the chi-square statistic that equally many rows on both sides would have: 0 to 1.

    With the rows as they are it would shrink as the baseline outgrows the window, and no threshold would fit.

    References
    ----------
    J. Cohen, Statistical Power Analysis for the Behavioral Sciences, 1988: 0.1 is a small, 0.3 a medium effect.

    >>> cramers_v(np.array([10.0, 0.0]), np.array([0.0, 9999.0]))
    1.0

    """
    used = (current > 0) | (baseline > 0)
    p, q = _shares(current)[used], _shares(baseline)[used]
    return math.sqrt(float((np.square(p - q) / (p + q)).sum()) / 2)


def kolmogorov_smirnov(current: Cells, baseline: Cells) -> float:
    """The largest difference between both cumulative shares of ordered cells: 0 to 1.

    Seen at the borders of the cells only, it is at most that of the rows themselves.

    >>> kolmogorov_smirnov(np.array([1.0, 1.0, 2.0]), np.array([2.0, 1.0, 1.0]))
    0.25

    """
    return float(np.abs(np.cumsum(_shares(current)) - np.cumsum(_shares(baseline))).max())


def wasserstein(current: NumericProfile, baseline: NumericProfile) -> float:
    """How far values moved on average, in standard deviations of the baseline (of both, where the baseline is constant).

    It is the area between both distribution functions. Counts and sums give the area under each of them within every bin
    exactly, hence the distance is exact unless the functions cross within a bin; then it is smaller than that of the rows.
    ValueError when one side has no values.
    """
    if not (current.count and baseline.count):
        raise ValueError("there is no distance between no values")
    difference = np.abs(_areas(current) - _areas(baseline)).sum()
    scale = math.sqrt(baseline.m2 / baseline.count)
    if not scale:
        both = current.merge(baseline)
        scale = math.sqrt(both.m2 / both.count)
    return float(difference / scale) if scale else 0.0


def _shares(cells: Cells) -> Cells:
    shares: Cells = cells / cells.sum()
    return shares


def _areas(profile: NumericProfile) -> NDArray[np.float64]:
    """Under the distribution function in every bin; in the last one, which has no end, above it."""
    edges, sums = np.array(profile.edges), np.array(profile.sums) / profile.count
    if not len(edges):
        return sums
    shares = _shares(np.array(profile.counts, dtype=np.float64))
    areas = np.append(shares[:-1] * edges - sums[:-1], sums[-1] - shares[-1] * edges[-1])
    areas[1:-1] += np.cumsum(shares)[:-2] * np.diff(edges)
    return areas
