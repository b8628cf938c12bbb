"""Predictions of a fitted pipeline as one matrix of scores, and every metric on them."""

import math
from collections.abc import Mapping
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
    if not np.isfinite(scores).all():
        return dict.fromkeys(METRICS_OF_TASK[task])
    values = {
        "binary": _binary,
        "multiclass": _multiclass,
        "regression": _regression,
    }[task](target, scores)
    return {name: _finite(values.get(name)) for name in METRICS_OF_TASK[task]}


def _binary(target: NDArray[Any], scores: Scores) -> dict[str, float]:
    positive, label = scores[:, 1], scores.argmax(axis=1)
    found = {
        "accuracy": metrics.accuracy_score(target, label),
        "f1": metrics.f1_score(target, label, zero_division=0),
        "log_loss": metrics.log_loss(target, _normalised(scores), labels=[0, 1]),
        "brier": float(np.mean((positive - target) ** 2)),
    }
    if len(np.unique(target)) == 2:
        found["roc_auc"] = metrics.roc_auc_score(target, positive)
        found["average_precision"] = metrics.average_precision_score(target, positive)
    return found


def _multiclass(target: NDArray[Any], scores: Scores) -> dict[str, float]:
    labels, label = list(range(scores.shape[1])), scores.argmax(axis=1)
    found = {
        "accuracy": metrics.accuracy_score(target, label),
        "f1_macro": metrics.f1_score(target, label, labels=labels, average="macro", zero_division=0),
        "log_loss": metrics.log_loss(target, _normalised(scores), labels=labels),
    }
    if len(np.unique(target)) == len(labels):
        found["roc_auc_ovr"] = metrics.roc_auc_score(target, scores, multi_class="ovr", labels=labels)
    return found


def _regression(target: NDArray[Any], scores: Scores) -> dict[str, float]:
    values = scores[:, 0]
    found = {
        "rmse": metrics.root_mean_squared_error(target, values),
        "mae": metrics.mean_absolute_error(target, values),
    }
    if len(target) >= 2:
        found["r2"] = metrics.r2_score(target, values)
    return found


def _normalised(scores: Scores) -> Scores:
    """Rows that add up to 1 bit for bit: log_loss warns otherwise."""
    normalised: Scores = scores / scores.sum(axis=1, keepdims=True)
    return normalised


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None
