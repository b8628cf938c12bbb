"""Many columns are tested in every window: the rate of false discoveries among all that are said to differ is held down."""

from collections.abc import Sequence

import numpy as np


def adjusted_p_values(p_values: Sequence[float]) -> list[float]:
    """By Benjamini and Hochberg: those at or below a level are discoveries, of which at most that share is false.

    References
    ----------
    Y. Benjamini, Y. Hochberg, Controlling the False Discovery Rate, J. R. Stat. Soc. B 57, 1995.

    >>> adjusted_p_values([0.01, 0.5, 0.02])
    [0.03, 0.5, 0.03]

    """
    count = len(p_values)
    order = np.argsort(p_values)[::-1]
    scaled = np.asarray(p_values, dtype=np.float64)[order] * count / np.arange(count, 0, -1)
    adjusted = np.empty(count)
    adjusted[order] = np.minimum(1.0, np.minimum.accumulate(scaled))
    return adjusted.tolist()
