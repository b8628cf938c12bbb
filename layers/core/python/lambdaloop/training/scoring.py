"""Predictions of a fitted pipeline as one matrix of scores, and every metric on them."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn import metrics
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from lambdaloop.domain.metrics import METRICS_OF_TASK, Task

Scores = NDArray[np.float64]
"""[rows, classes] probabilities in the definition's order, or [rows, 1] numbers."""


def predict_scores(pipeline: Pipeline, frame: pd.DataFrame, *, task: Task) -> Scores:
    """Score a raw data frame."""
    with threadpool_limits(limits=1):
        if task == "regression":
            return np.asarray(pipeline.predict(frame), dtype=np.float64).reshape(-1, 1)
        return np.asarray(pipeline.predict_proba(frame), dtype=np.float64)


def compute_metrics(target: NDArray[Any], scores: Scores, *, task: Task) -> Mapping[str, float | None]:
    """Every metric of the task; None where it has no value, as a ROC AUC of one class.

    target: class indices, or numbers.
    """
    return {name: compute_metric(name, target, scores, task=task) for name in METRICS_OF_TASK[task]}


def compute_metric(name: str, target: NDArray[Any], scores: Scores, *, task: Task) -> float | None:
    """One metric of the task."""
    if not np.isfinite(scores).all():
        return None
    return _finite(_COMPUTED[task][name](target, scores))


def _label(scores: Scores) -> NDArray[np.int64]:
    label: NDArray[np.int64] = scores.argmax(axis=1)
    return label


def _both_classes(target: NDArray[Any]) -> bool:
    return len(np.unique(target)) == 2


def _f1_macro(target: NDArray[Any], scores: Scores) -> float:
    labels = list(range(scores.shape[1]))
    return float(metrics.f1_score(target, _label(scores), labels=labels, average="macro", zero_division=0))


def _roc_auc_ovr(target: NDArray[Any], scores: Scores) -> float | None:
    labels = list(range(scores.shape[1]))
    if len(np.unique(target)) != len(labels):
        return None
    return float(metrics.roc_auc_score(target, scores, multi_class="ovr", labels=labels))


_Computed = Callable[[NDArray[Any], Scores], float | None]
_COMPUTED: Mapping[Task, Mapping[str, _Computed]] = {
    "binary": {
        "accuracy": lambda target, scores: metrics.accuracy_score(target, _label(scores)),
        "f1": lambda target, scores: metrics.f1_score(target, _label(scores), zero_division=0),
        "log_loss": lambda target, scores: metrics.log_loss(target, _normalised(scores), labels=[0, 1]),
        "brier": lambda target, scores: float(np.mean((scores[:, 1] - target) ** 2)),
        "roc_auc": lambda target, scores: (
            metrics.roc_auc_score(target, scores[:, 1]) if _both_classes(target) else None
        ),
        "average_precision": lambda target, scores: (
            metrics.average_precision_score(target, scores[:, 1]) if _both_classes(target) else None
        ),
    },
    "multiclass": {
        "accuracy": lambda target, scores: metrics.accuracy_score(target, _label(scores)),
        "f1_macro": _f1_macro,
        "roc_auc_ovr": _roc_auc_ovr,
        "log_loss": lambda target, scores: metrics.log_loss(
            target, _normalised(scores), labels=list(range(scores.shape[1]))
        ),
    },
    "regression": {
        "rmse": lambda target, scores: metrics.root_mean_squared_error(target, scores[:, 0]),
        "mae": lambda target, scores: metrics.mean_absolute_error(target, scores[:, 0]),
        "r2": lambda target, scores: metrics.r2_score(target, scores[:, 0]) if len(target) >= 2 else None,
    },
}


def _normalised(scores: Scores) -> Scores:
    """Rows that add up to 1 bit for bit: log_loss warns otherwise."""
    normalised: Scores = scores / scores.sum(axis=1, keepdims=True)
    return normalised


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None
