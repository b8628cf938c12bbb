"""95 % confidence intervals of metrics, and which method fits which.

A metric between 0 and 1 gets an interval on the scale of its logit, a positive one on the scale of its logarithm: so the ends
stay where the metric can be, and lean the way that its samples do.
"""

import math

from lambdaloop.domain.outcomes import Estimate

Z = 1.959963984540054


def wilson(hits: float, rows: float) -> Estimate:
    """A share of rows.

    Wilson's score interval, see Brown, Cai and DasGupta, "Interval estimation for a binomial proportion" (2001).

    >>> wilson(9, 10)
    Estimate(value=0.9, low=0.5958499732047615, high=0.9821237869049271)
    """
    if rows <= 0:
        return Estimate(value=None)
    share = min(max(hits / rows, 0.0), 1.0)
    weight = Z**2 / rows
    centre = (share + weight / 2) / (1 + weight)
    half = math.sqrt(share * (1 - share) * weight + weight**2 / 4) / (1 + weight)
    return Estimate(value=share, low=max(centre - half, 0.0), high=min(centre + half, 1.0))


def between_0_and_1(value: float, deviation: float, *, rows: float) -> Estimate:
    """By the delta method on the logit.

    At 0 and at 1, where no deviation is seen, as wide as Wilson's for `rows` rows.
    """
    if not 0 < value < 1 or deviation == 0:
        return wilson(value * rows, rows)
    logit = math.log(value / (1 - value))
    half = Z * deviation / (value * (1 - value))
    return Estimate(value=value, low=_expit(logit - half), high=_expit(logit + half))


def above_0(value: float, deviation: float) -> Estimate:
    """By the delta method on the logarithm."""
    if value <= 0:
        return Estimate(value=value, low=value, high=value)
    half = Z * deviation / value
    return Estimate(value=value, low=value * math.exp(-half), high=value * math.exp(min(half, 700.0)))


def _expit(logit: float) -> float:
    return 1 / (1 + math.exp(-logit)) if logit >= 0 else 1 - 1 / (1 + math.exp(logit))
