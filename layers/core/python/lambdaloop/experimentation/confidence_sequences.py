"""Intervals that hold at every look at once, so that an experiment may be looked at every hour and stopped at any of them.

The asymptotic confidence sequence of a mean after t units, with standard deviation s, is

    mean ± s sqrt(2 (t r + 1) / (t² r) · log(sqrt(t r + 1) / alpha))

with a tuning constant r > 0. Written for any estimate with variance v, whose information is 1 / v, only the share of the planned
information matters: f = (1 / v) / planned, and t r = c f with the c that makes the interval narrowest at f = 1.

References
----------
I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy, A. Ramdas, Time-uniform central limit theory and asymptotic confidence
sequences, Annals of Statistics 52, 2024: theorem 2.2, and section 2.4 about the tuning. The normal mixture goes back to
H. Robbins, Statistical methods related to the law of the iterated logarithm, 1970.

"""

import math
from functools import cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import lambertw

from lambdaloop.experimentation.moments import Floats


@cache
def tuning(alpha: float) -> float:
    """The c that makes the interval narrowest when the planned information is there.

    >>> round(tuning(0.05), 3)
    8.212

    """
    return -1.0 - float(lambertw(-alpha * alpha / math.e, -1).real)


def critical_value(fraction: ArrayLike, *, alpha: float) -> Floats:
    """How many standard errors the interval reaches to both sides when that fraction of the planned information is there.

    A single look at the end would need 1.96; looking all the time needs more, and very much more in the beginning.

    >>> critical_value([0.01, 0.1, 1.0, 10.0], alpha=0.05).round(2)
    array([8.94, 3.82, 3.04, 3.25])

    """
    scaled = tuning(alpha) * np.asarray(fraction, dtype=np.float64)
    with np.errstate(divide="ignore"):
        values: Floats = np.sqrt((1 + 1 / scaled) * (np.log1p(scaled) - 2 * math.log(alpha)))
    return values


def half_width(variance: ArrayLike, *, planned_information: float, alpha: float) -> Floats:
    """Of the interval around an estimate with that variance; NaN where the variance is 0, which says that nothing is known yet.

    `planned_information` is one over the variance at which the experiment was planned to end (`sample_size.information`).
    """
    spread = np.asarray(variance, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        known = np.where(spread > 0, spread, np.nan)
        return critical_value(1 / (known * planned_information), alpha=alpha) * np.sqrt(known)
