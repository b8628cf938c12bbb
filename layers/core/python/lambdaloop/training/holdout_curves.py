"""Curves, bins and counts of the holdout: what a person looks at to see how a winner is right, and how it is wrong."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

from lambdaloop.domain.definition import Label
from lambdaloop.domain.holdout_findings import (
    MAX_CURVE_POINTS,
    MAX_CURVES,
    ErrorBin,
    Histogram,
    Polyline,
    ScoreBin,
)
from lambdaloop.domain.metrics import Task
from lambdaloop.monitoring.intervals import wilson
from lambdaloop.training.scoring import Scores

_BINS = 10
_RESIDUAL_BINS = 30
_MAX_CONFUSED = 20
_DECIMALS = 6


def classifier_curves(
    target: NDArray[Any], scores: Scores, *, task: Task, classes: Sequence[Label]
) -> tuple[dict[str, Polyline], dict[str, Polyline]]:
    """ROC and precision-recall by str(label), of classes that the holdout has and does not only have."""
    roc, precision_recall = {}, {}
    counts = np.bincount(target, minlength=len(classes))
    shown = [1] if task == "binary" else sorted(np.argsort(-counts, kind="stable")[:MAX_CURVES].tolist())
    for index in shown:
        if not 0 < counts[index] < len(target):
            continue
        truth = target == index
        false, true, _ = metrics.roc_curve(truth, scores[:, index])
        precision, recall, _ = metrics.precision_recall_curve(truth, scores[:, index])
        roc[str(classes[index])] = _thinned(false, true)
        precision_recall[str(classes[index])] = _thinned(recall[::-1], precision[::-1])
    return roc, precision_recall


def calibration_bins(target: NDArray[Any], scores: Scores, *, task: Task) -> tuple[ScoreBin, ...]:
    """Ten bins of about as many rows each: where scores crowd, bins are narrow."""
    if task == "binary":
        score, hits = scores[:, 1], target == 1
    else:
        label = scores.argmax(axis=1)
        score, hits = scores[np.arange(len(label)), label], target == label
    return tuple(
        ScoreBin(
            rows=len(rows),
            score=_short(score[rows].mean()),
            hits=wilson(float(hits[rows].sum()), float(len(rows))),
        )
        for rows in _equal_parts(score)
    )


def confusion(
    target: NDArray[Any], scores: Scores, *, classes: Sequence[Label]
) -> tuple[tuple[int, ...], ...]:
    """[actual, predicted] rows; nothing for more classes than a table can show."""
    if len(classes) > _MAX_CONFUSED:
        return ()
    found = metrics.confusion_matrix(target, scores.argmax(axis=1), labels=list(range(len(classes))))
    return tuple(tuple(row) for row in found.tolist())


def residuals(target: NDArray[Any], predicted: NDArray[np.float64]) -> Histogram:
    """Actual minus predicted; those beyond the first and the last percentile are counted in the end bins."""
    errors = target - predicted
    low, high = np.percentile(errors, [1, 99]).tolist()
    if not high > low:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, _RESIDUAL_BINS + 1)
    counts, _ = np.histogram(np.clip(errors, low, high), bins=edges)
    return Histogram(edges=tuple(edges.tolist()), counts=tuple(counts.tolist()))


def error_bins(target: NDArray[Any], predicted: NDArray[np.float64]) -> tuple[ErrorBin, ...]:
    """What became true by what was predicted, in ten bins of about as many rows each."""
    found = []
    for rows in _equal_parts(predicted):
        low, high = np.percentile(target[rows], [10, 90]).tolist()
        found.append(
            ErrorBin(
                rows=len(rows),
                predicted=float(predicted[rows].mean()),
                actual=float(target[rows].mean()),
                low=low,
                high=high,
            )
        )
    return tuple(found)


def _equal_parts(values: NDArray[np.float64]) -> list[NDArray[np.int64]]:
    """Rows in ten parts by ascending value, equal values together."""
    walls = np.unique(np.quantile(values, np.linspace(0, 1, _BINS + 1)[1:-1]))
    places = np.searchsorted(walls, values, side="left")
    return [np.flatnonzero(places == place) for place in np.unique(places)]


def _thinned(x: NDArray[np.float64], y: NDArray[np.float64]) -> Polyline:
    """Its ends and points at about equal distances along it: a curve of a million rows looks the same."""
    length = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    wanted = np.linspace(0.0, length[-1], MAX_CURVE_POINTS - 1)
    kept = np.unique(np.concatenate([np.searchsorted(length, wanted).clip(max=len(x) - 1), [len(x) - 1]]))
    return Polyline(
        x=tuple(np.round(x[kept], _DECIMALS).tolist()), y=tuple(np.round(y[kept], _DECIMALS).tolist())
    )


def _short(value: float) -> float:
    return round(float(value), _DECIMALS)
