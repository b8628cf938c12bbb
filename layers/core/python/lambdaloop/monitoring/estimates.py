"""Metrics with 95 % confidence intervals from outcomes, real or expected, and how much worse one is than another beyond doubt.

The interval of an expected metric is that of a real one on as many rows: the labels could still fall out so. The error of the
estimator itself comes on top; it is tracked by `estimator_error` once labels are there.
"""

import math
from collections.abc import Mapping

import numpy as np

from lambdaloop.domain.metrics import METRICS_OF_TASK, Task, greater_is_better
from lambdaloop.domain.outcomes import (
    Calibration,
    ClassOutcomes,
    Estimate,
    NumberOutcomes,
    Outcomes,
    Sums,
)
from lambdaloop.monitoring.intervals import Z, above_0, between_0_and_1, wilson
from lambdaloop.monitoring.rankings import average_precision, roc_auc

CALIBRATION_ERROR = "calibration_error"

_NONE = Estimate(value=None)


def estimates(outcomes: Outcomes, task: Task) -> Mapping[str, Estimate]:
    """Every metric of the task, and for classification `calibration_error`; without a value where it has none."""
    if isinstance(outcomes, NumberOutcomes):
        found = _numbers(outcomes)
    else:
        found = _binary(outcomes) if task == "binary" else _multiclass(outcomes)
        found |= _proper(outcomes)
    names = [*METRICS_OF_TASK[task], *([CALIBRATION_ERROR] if task != "regression" else [])]
    return {name: found[name] for name in names}


def certain_drop(metric: str, current: Estimate, reference: Estimate) -> float | None:
    """How much worse `current` is than `reference`, between the nearer ends of both intervals, in the metric's own unit.

    0 when the intervals overlap or it is better; None when one has no value.
    """
    if current.low is None or current.high is None or reference.low is None or reference.high is None:
        return None
    if greater_is_better(metric):
        return max(0.0, reference.low - current.high)
    return max(0.0, current.low - reference.high)


def estimator_error(metric: str, *, expected: Outcomes, real: Outcomes, task: Task) -> float | None:
    """Expected minus real metric of the same labelled rows; None when one has no value."""
    guess, truth = (estimates(each, task)[metric].value for each in (expected, real))
    return guess - truth if guess is not None and truth is not None else None


def _proper(outcomes: ClassOutcomes) -> dict[str, Estimate]:
    """What binary and multiclass models have in common."""
    return {
        "accuracy": wilson(sum(outcomes.correct), outcomes.rows),
        "log_loss": _mean(outcomes.log_loss, outcomes.rows),
        "brier": _mean(outcomes.brier, outcomes.rows),
        CALIBRATION_ERROR: _calibration_error(outcomes.calibration),
    }


def _binary(outcomes: ClassOutcomes) -> dict[str, Estimate]:
    ranking = outcomes.rankings[outcomes.classes[1]]
    positives, negatives = sum(ranking.positives), sum(ranking.negatives)
    auc, precision = roc_auc(ranking), average_precision(ranking)
    return {
        "roc_auc": between_0_and_1(*auc, rows=min(positives, negatives)) if auc else _NONE,
        # Without a negative row it is 1 whatever the scores are.
        "average_precision": between_0_and_1(*precision, rows=positives)
        if precision and negatives
        else _NONE,
        "f1": _f1(outcomes),
    }


def _f1(outcomes: ClassOutcomes) -> Estimate:
    """F1 = 2J / (1 + J), J the share of hits among the rows that are positive or predicted so: Wilson's interval of J.

    Without such rows it is 0, as in scikit-learn.
    """
    hits = outcomes.correct[1]
    jaccard = wilson(hits, outcomes.actual[1] + outcomes.predicted[1] - hits)
    if jaccard.value is None or jaccard.low is None or jaccard.high is None:
        return Estimate(value=0.0, low=0.0, high=1.0) if outcomes.rows else _NONE
    value, low, high = (2 * each / (1 + each) for each in (jaccard.value, jaccard.low, jaccard.high))
    return Estimate(value=value, low=low, high=high)


def _multiclass(outcomes: ClassOutcomes) -> dict[str, Estimate]:
    return {"f1_macro": _f1_macro(outcomes), "roc_auc_ovr": _roc_auc_ovr(outcomes)}


def _f1_macro(outcomes: ClassOutcomes) -> Estimate:
    """The mean of each class's F1 = 2C / (A + P): rows that are right, of the class, and predicted so.

    Delta method as in Takahashi et al., "Confidence interval for micro-averaged F1 and macro-averaged F1 scores" (2022). A
    wrong row lowers the F1 of two classes, by a and b; which two go together is not kept, so (a + b)² counts as 2a² + 2b²,
    its greatest value: equal for classes of equal size, else a little wide.
    """
    if not outcomes.rows:
        return _NONE
    actual, predicted, correct = (
        np.array(each) for each in (outcomes.actual, outcomes.predicted, outcomes.correct)
    )
    sizes = actual + predicted
    each = np.divide(2 * correct, sizes, out=np.zeros_like(sizes), where=sizes > 0)
    inverse = np.divide(1.0, sizes, out=np.zeros_like(sizes), where=sizes > 0)
    right, wrong = (2 - 2 * each) * inverse, each * inverse
    variance = float((correct * right**2 + 2 * (sizes - 2 * correct) * wrong**2).sum()) / len(sizes) ** 2
    return between_0_and_1(float(each.mean()), math.sqrt(variance), rows=outcomes.rows)


def _roc_auc_ovr(outcomes: ClassOutcomes) -> Estimate:
    """The mean over classes. How their areas err together is not kept: as if they all erred alike, which is the widest."""
    found = [roc_auc(ranking) for ranking in outcomes.rankings.values()]
    known = [each for each in found if each]
    if not known or len(known) < len(outcomes.classes):
        return _NONE
    values, deviations = zip(*known, strict=True)
    rarest = min(sum(ranking.positives) for ranking in outcomes.rankings.values())
    return between_0_and_1(sum(values) / len(values), sum(deviations) / len(values), rows=rarest)


def _calibration_error(calibration: Calibration) -> Estimate:
    """The expected calibration error: the mean distance between score and share of hits, weighted by the bins' rows.

    Chance alone makes distances, all of them upwards: so the lower end lies below the value by what perfectly calibrated
    scores would reach in 19 of 20 samples, and the upper end above it by the ordinary deviation.
    """
    rows, scores, hits = (np.array(each) for each in (calibration.rows, calibration.scores, calibration.hits))
    total = rows.sum()
    if not total:
        return _NONE
    shares = np.divide(hits, rows, out=np.zeros_like(rows), where=rows > 0)
    value = float(np.abs(hits - scores).sum() / total)
    # A share of 0 or 1 in few rows is not certain, either: half a row more of each (Jeffreys).
    smoothed = (shares * rows + 0.5) / (rows + 1)
    deviations = np.sqrt(rows * smoothed * (1 - smoothed)) / total
    spread = float(np.square(deviations).sum())
    mean_of_chance = float(deviations.sum()) * math.sqrt(2 / math.pi)
    chance = mean_of_chance + 1.645 * math.sqrt(spread * (1 - 2 / math.pi))
    return Estimate(value=value, low=max(0.0, value - chance), high=min(1.0, value + Z * math.sqrt(spread)))


def _mean(sums: Sums, rows: float) -> Estimate:
    if not rows:
        return _NONE
    value = sums.total / rows
    return above_0(value, _deviation_of_mean(sums, rows))


def _deviation_of_mean(sums: Sums, rows: float) -> float:
    value = sums.total / rows
    return math.sqrt(max(0.0, sums.squares / rows - value**2) / max(rows - 1, 1.0))


def _numbers(outcomes: NumberOutcomes) -> dict[str, Estimate]:
    if not outcomes.rows:
        return {"rmse": _NONE, "mae": _NONE, "r2": _NONE}
    squared = _mean(outcomes.squared, outcomes.rows)
    return {
        "rmse": Estimate(value=_root(squared.value), low=_root(squared.low), high=_root(squared.high)),
        "mae": _mean(outcomes.absolute, outcomes.rows),
        "r2": _r2(outcomes),
    }


def _root(value: float | None) -> float | None:
    return None if value is None else math.sqrt(value)


def _r2(outcomes: NumberOutcomes) -> Estimate:
    """1 - MSE / variance, by the delta method on the logarithm of that quotient.

    A row's influence on it is (error² - quotient · d²) / variance, with d its distance from the mean.
    """
    rows, spread = outcomes.rows, outcomes.actual
    if rows < 2 or spread.second <= 0:
        return _NONE
    quotient = outcomes.squared.total / spread.second
    squares = outcomes.squared.squares - 2 * quotient * spread.error_second + quotient**2 * spread.fourth
    lost = above_0(quotient, math.sqrt(max(0.0, squares)) / spread.second)
    low, high = (None if each is None else 1 - each for each in (lost.high, lost.low))
    return Estimate(value=1 - quotient, low=low, high=high)
