"""Gathers what a winner showed on the holdout, for the report of its training."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.holdout_findings import HoldoutFindings
from lambdaloop.monitoring.estimates import estimates
from lambdaloop.monitoring.observing import observe
from lambdaloop.training.holdout_curves import (
    calibration_bins,
    classifier_curves,
    confusion,
    error_bins,
    residuals,
)
from lambdaloop.training.importance import permutation_importance
from lambdaloop.training.scoring import Scores
from lambdaloop.training.slices import group_comparisons, holdout_slices


def holdout_findings(
    definition: ModelDefinition,
    pipeline: Pipeline,
    *,
    frame: pd.DataFrame,
    target: NDArray[Any],
    scores: Scores,
) -> HoldoutFindings | None:
    """None where an answer is not finite: such a winner has no metric either."""
    if not np.isfinite(scores).all():
        return None
    task, classes = definition.task, definition.classes
    importance = permutation_importance(
        pipeline,
        frame,
        target,
        task=task,
        metric=definition.training.metric,
        seed=definition.training.seed,
    )
    ranked = [each.feature for each in importance]
    shared: dict[str, Any] = {
        "rows": len(frame),
        "metrics": estimates(observe(task, classes, target, scores), task),
        "importance": importance,
        "slices": holdout_slices(definition, frame, target, scores, important=ranked),
        "groups": group_comparisons(definition, frame, target, scores),
    }
    if task == "regression":
        predicted = scores[:, 0]
        return HoldoutFindings(
            **shared, residuals=residuals(target, predicted), errors=error_bins(target, predicted)
        )
    roc, precision_recall = classifier_curves(target, scores, task=task, classes=classes)
    counts = np.bincount(target, minlength=len(classes))
    return HoldoutFindings(
        **shared,
        roc=roc,
        precision_recall=precision_recall,
        base_rates={
            str(label): float(count / len(target)) for label, count in zip(classes, counts, strict=True)
        },
        calibration=calibration_bins(target, scores, task=task),
        confusion=confusion(target, scores, classes=classes),
    )
