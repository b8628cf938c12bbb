"""ROC AUC and average precision from a ranking, with their standard deviations.

Both deviations come from influence functions: how much one more row of each bin and class would move the metric.
"""

import math

import numpy as np
from numpy.typing import NDArray

from lambdaloop.domain.outcomes import Ranking

Floats = NDArray[np.float64]


def roc_auc(ranking: Ranking) -> tuple[float, float] | None:
    """Value and standard deviation; None without rows of both kinds.

    Scores in one bin count as equal. The deviation is that of DeLong, DeLong and Clarke-Pearson, "Comparing the areas
    under two or more correlated receiver operating characteristic curves" (1988).
    """
    positives, negatives = _counts(ranking)
    if positives.sum() <= 0 or negatives.sum() <= 0:
        return None
    total_positives, total_negatives = positives.sum(), negatives.sum()
    below = (np.cumsum(negatives) - negatives / 2) / total_negatives
    above = (total_positives - np.cumsum(positives) + positives / 2) / total_positives
    value = float(positives @ below / total_positives)
    variance = _variance_of_mean(below, positives) + _variance_of_mean(above, negatives)
    return min(max(value, 0.0), 1.0), math.sqrt(variance)


def average_precision(ranking: Ranking) -> tuple[float, float] | None:
    """Value and standard deviation; None without a positive row.

    The rows of one bin count as if in any order. With A(t) = P(positive, score >= t) and B(t) = P(score >= t), average
    precision is E[positive · A(score) / B(score)] / P(positive); its influence function gives the deviation.
    """
    positives, negatives = (counts[::-1] for counts in _counts(ranking))  # from the highest score
    total = positives.sum()
    if total <= 0:
        return None
    rows = positives + negatives
    precision = _precision(positives, rows)
    value = float(positives @ precision / total)
    ends = np.cumsum(positives) / np.cumsum(rows)
    # What a row adds to the precision at every threshold below it: (1 - precision, or -precision) / B, over the positives.
    weights = positives / np.cumsum(rows)
    below = _from_here_on(weights) - weights / 2
    losses = _from_here_on(weights * ends) - weights * ends / 2
    influence = np.concatenate([precision - value + below - losses, -losses])
    spread = np.concatenate([positives, negatives]) @ influence**2
    return min(max(value, 0.0), 1.0), math.sqrt(spread) / total


def _precision(positives: Floats, rows: Floats) -> Floats:
    """At a positive row of each bin: itself, all rows of higher bins, and of its own bin the part that happens to be higher.

    The mean over that part of (a + b·t) / (c + d·t), t from 0 to 1.
    """
    share = np.divide(positives, rows, out=np.zeros_like(rows), where=rows > 0)
    others = np.maximum(rows - 1, 0.0)
    a, c = np.cumsum(positives) - positives + 1, np.cumsum(rows) - rows + 1
    b, d = share * others, others
    wide = d > 1e-9 * c
    d = np.where(wide, d, 1.0)
    mean = b / d + (a - b * c / d) * np.log1p(d / c) / d
    return np.where(wide, mean, a / c)


def _counts(ranking: Ranking) -> tuple[Floats, Floats]:
    return np.array(ranking.positives, dtype=np.float64), np.array(ranking.negatives, dtype=np.float64)


def _from_here_on(values: Floats) -> Floats:
    return np.cumsum(values[::-1])[::-1]


def _variance_of_mean(values: Floats, weights: Floats) -> float:
    """Of the mean of values that occur `weights` times."""
    count = weights.sum()
    if count <= 1:
        return 0.0
    mean = weights @ values / count
    return float(weights @ (values - mean) ** 2 / ((count - 1) * count))
