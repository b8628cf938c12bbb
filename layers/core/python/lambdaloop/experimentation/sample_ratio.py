"""Whether units came to the arms as their shares ask for: where they did not, something other than chance chooses them.

Asked at every look, so the p-value holds at all looks at once. Pearson's statistic alone, against 0.001 at each of the hourly
looks of 30 days, calls two or three of a hundred sound experiments invalid.

References
----------
A. Fabijan, J. Gupchup, S. Gupta, J. Omhover, W. Qin, L. Vermeer, P. Dmitriev, Diagnosing sample ratio mismatch in online
controlled experiments, KDD 2019: why to ask, and how strictly.
H. Robbins, Statistical methods related to the law of the iterated logarithm, Annals of Mathematical Statistics 41, 1970: the
normal mixture of likelihood ratios, whose inverse is such a p-value by Ville's inequality.

"""

from collections.abc import Sequence

import numpy as np

from lambdaloop.experimentation.moments import Floats

ALARM = 0.001
"""Below this p-value the experiment is invalid."""
_MIN_EXPECTED = 5.0
"""Below, the chi-square distribution does not describe an arm (W. G. Cochran, 1954)."""
SHARPEST = 1_000.0
"""Units around which a mismatch is noticed earliest: the mixture's variance is one over this many."""


def sample_ratio_p(units: Sequence[float], expected: Sequence[float]) -> float | None:
    """The p-value of units by arm against those expected; None while an arm is to have fewer than five.

    `expected` may be in any unit: only its shares count. An arm with no share must have no unit.

    >>> round(sample_ratio_p([5_300, 4_700], [1, 1]) * 1e7, 2)
    2.59
    >>> sample_ratio_p([3, 2], [1, 1]) is None
    True

    """
    seen, shares = np.asarray(units, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    if (seen[shares == 0] > 0).any():
        return 0.0
    seen, shares = seen[shares > 0], shares[shares > 0]
    if not len(shares):
        return None
    p = float(mixture_p(seen, shares))
    return None if np.isnan(p) else p


def mixture_p(units: Floats, expected: Floats) -> Floats:
    """P-values of [arms, ...], at most 1; NaN where an arm is to have fewer than five units."""
    count = units.sum(axis=0)
    pearson = _chi_square(units, expected)
    evidence = pearson / 2 * count / (count + SHARPEST) - (len(units) - 1) / 2 * np.log1p(count / SHARPEST)
    p: Floats = np.minimum(1.0, np.exp(-evidence))
    return p


def _chi_square(units: Floats, expected: Floats) -> Floats:
    """Pearson's statistic."""
    with np.errstate(divide="ignore", invalid="ignore"):
        wanted = units.sum(axis=0) * expected / expected.sum(axis=0)
        distance = (np.square(units - wanted) / wanted).sum(axis=0)
    enough = wanted.min(axis=0, initial=np.inf) >= _MIN_EXPECTED
    known: Floats = np.where(enough, distance, np.nan)
    return known
