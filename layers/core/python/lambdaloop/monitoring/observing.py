"""Turns rows into outcomes: what predictions were worth once labels are there, and what they are expected to be worth before.

Expected without labels:

- classification: confidence-based performance estimation (CBPE). A prediction whose class has the calibrated probability p
  is right p times. See Białek et al., "Estimating model performance under covariate shift without labels" (2024).
- regression: direct loss estimation (DLE). A second model says how large the error of each prediction is likely to be.

Both follow a shift of the features; neither can see that the same features begin to mean something else (concept drift).
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from lambdaloop.domain.baseline import Curve
from lambdaloop.domain.definition import Label
from lambdaloop.domain.metrics import MAX_RANKED_CLASSES, Task
from lambdaloop.domain.outcomes import (
    DECIMALS,
    Calibration,
    ClassOutcomes,
    NumberOutcomes,
    Outcomes,
    Ranking,
    Spread,
    Sums,
)
from lambdaloop.monitoring.calibration import calibrated
from lambdaloop.monitoring.score_bins import CALIBRATION_BINS, calibration_bins, ranking_bins

_LARGEST = 1e60  # the fourth powers of a billion such numbers still have a sum
_GAUSSIAN_KURTOSIS = 3.0

Floats = NDArray[np.float64]


def observe(
    task: Task, classes: Sequence[Label], actual: NDArray[np.int64] | Floats, scores: Floats
) -> Outcomes:
    """What labelled predictions were worth.

    actual: [rows] indices of classes, or numbers. scores: [rows, classes], or [rows, 1]; finite, else ValueError.
    """
    _check_finite(scores, actual)
    if task == "regression":
        return _numbers(actual.astype(np.float64), scores[:, 0])
    return _classes(task, classes, scores, np.eye(len(classes))[actual.astype(np.int64)])


def expect(
    task: Task,
    classes: Sequence[Label],
    scores: Floats,
    calibration: Mapping[str, Curve],
    expected_loss: Floats | None,
) -> Outcomes:
    """What predictions are expected to be worth before labels arrive.

    scores: [rows, classes], or [rows, 1]; finite, else ValueError. calibration: of the version's baseline, for
    classification. expected_loss: [rows, 2], |error| and error² of each prediction; needed for regression.
    """
    _check_finite(scores)
    if task == "regression":
        if expected_loss is None:
            raise ValueError("a regression needs the expected loss of each prediction: give expected_loss")
        return _expected_numbers(scores[:, 0], expected_loss)
    return _classes(task, classes, scores, calibrated(scores, classes, calibration))


def _check_finite(*arrays: NDArray[np.int64] | Floats) -> None:
    for array in arrays:
        if not np.isfinite(array).all():
            raise ValueError("scores and labels must be finite numbers: leave the others out")


def _classes(task: Task, classes: Sequence[Label], scores: Floats, truth: Floats) -> ClassOutcomes:
    """truth: [rows, classes], how often each class is the right one: 0 or 1 when labels are known."""
    rows, count = scores.shape
    predicted = scores.argmax(axis=1)
    right = truth[np.arange(rows), predicted]
    losses = -np.log(_inside(scores / scores.sum(axis=1, keepdims=True)))
    binary = task == "binary"
    ranked = range(1 if binary else 0, count) if count <= MAX_RANKED_CLASSES else range(0)
    return ClassOutcomes(
        classes=tuple(str(label) for label in classes),
        rows=float(rows),
        actual=_counts(truth.sum(axis=0)),
        predicted=_counts(np.bincount(predicted, minlength=count)),
        correct=_counts(np.bincount(predicted, right, minlength=count)),
        log_loss=_sums((truth * losses).sum(axis=1), (truth * losses**2).sum(axis=1)),
        brier=_brier(scores[:, 1], truth[:, 1]) if binary else Sums(),
        rankings={str(classes[index]): _ranking(scores[:, index], truth[:, index]) for index in ranked},
        calibration=_calibration(scores[:, 1], truth[:, 1])
        if binary
        else _calibration(scores[np.arange(rows), predicted], right),
    )


def _inside(probabilities: Floats) -> Floats:
    """As scikit-learn's log_loss does it: a loss that is not infinite."""
    epsilon = float(np.finfo(np.float64).eps)
    return np.clip(probabilities, epsilon, 1 - epsilon)


def _brier(positive: Floats, truth: Floats) -> Sums:
    miss, false = (1 - positive) ** 2, positive**2
    return _sums(truth * miss + (1 - truth) * false, truth * miss**2 + (1 - truth) * false**2)


def _ranking(scores: Floats, truth: Floats) -> Ranking:
    if not len(scores):
        return Ranking()
    places = ranking_bins(scores)
    lowest = int(places.min())
    places -= lowest
    used = np.flatnonzero(np.bincount(places))
    return Ranking(
        bins=tuple((used + lowest).tolist()),
        positives=_counts(np.bincount(places, truth)[used]),
        negatives=_counts(np.bincount(places, 1 - truth)[used]),
    )


def _calibration(scores: Floats, truth: Floats) -> Calibration:
    places = calibration_bins(scores)
    return Calibration(
        rows=_counts(np.bincount(places, minlength=CALIBRATION_BINS)),
        scores=_counts(np.bincount(places, scores, minlength=CALIBRATION_BINS)),
        hits=_counts(np.bincount(places, truth, minlength=CALIBRATION_BINS)),
    )


def _counts(values: NDArray[np.int64] | Floats) -> tuple[float, ...]:
    return tuple(np.round(values.astype(np.float64), DECIMALS).tolist())


def _numbers(actual: Floats, predicted: Floats) -> NumberOutcomes:
    actual, predicted = np.clip(actual, -_LARGEST, _LARGEST), np.clip(predicted, -_LARGEST, _LARGEST)
    errors = actual - predicted
    mean = _sum(actual) / len(actual) if len(actual) else 0.0
    deviations = actual - mean
    return NumberOutcomes(
        rows=float(len(actual)),
        absolute=_sums(np.abs(errors), errors**2),
        squared=_sums(errors**2, errors**4),
        actual=Spread(
            mean=mean,
            second=_sum(deviations**2),
            third=_sum(deviations**3),
            fourth=_sum(deviations**4),
            error_first=_sum(errors**2 * deviations),
            error_second=_sum(errors**2 * deviations**2),
        ),
    )


def _expected_numbers(predicted: Floats, expected_loss: Floats) -> NumberOutcomes:
    """As if errors were Gaussian around 0 and had nothing to do with each other: so do the higher powers follow."""
    predicted = np.clip(predicted, -_LARGEST, _LARGEST)
    absolute, squared = np.clip(expected_loss, 0, [_LARGEST, _LARGEST**2]).T
    fourth = _GAUSSIAN_KURTOSIS * squared**2
    mean = _sum(predicted) / len(predicted) if len(predicted) else 0.0
    deviations = predicted - mean
    return NumberOutcomes(
        rows=float(len(predicted)),
        absolute=_sums(absolute, squared),
        squared=_sums(squared, fourth),
        actual=Spread(
            mean=mean,
            second=_sum(deviations**2 + squared),
            third=_sum(deviations**3 + 3 * deviations * squared),
            fourth=_sum(deviations**4 + 6 * deviations**2 * squared + fourth),
            error_first=_sum(deviations * squared),
            error_second=_sum(deviations**2 * squared + fourth),
        ),
    )


def _sums(values: Floats, squares: Floats) -> Sums:
    return Sums(total=_sum(values), squares=_sum(squares))


def _sum(values: Floats) -> float:
    """Rounded once, so that the order of the rows does not matter."""
    return math.fsum(values.tolist())
