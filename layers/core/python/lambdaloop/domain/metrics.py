"""Names and directions of the metrics that a definition may use."""

from collections.abc import Mapping
from typing import Literal

Task = Literal["binary", "multiclass", "regression"]

METRICS_OF_TASK: dict[Task, tuple[str, ...]] = {
    "binary": ("roc_auc", "average_precision", "accuracy", "f1", "log_loss", "brier"),
    "multiclass": ("accuracy", "f1_macro", "roc_auc_ovr", "log_loss"),
    "regression": ("rmse", "mae", "r2"),
}

MAX_RANKED_CLASSES = 20
"""Of more, predictions are not ranked class by class once they serve: every ranking takes room in every hour's summary."""

_LESS_IS_BETTER = frozenset({"log_loss", "brier", "rmse", "mae", "calibration_error"})


def greater_is_better(metric: str) -> bool:
    """Whether a larger value of the metric means a better model."""
    return metric not in _LESS_IS_BETTER


def improvement(metric: str, value: float, over: float) -> float:
    """How much better `value` is than `over`, positive when better, in the metric's own unit."""
    return value - over if greater_is_better(metric) else over - value


def skill_metric(task: Task, *values: Mapping[str, float | None]) -> str:
    """A metric that sees whether a model learned anything, also where one class is rare: one that all of `values` have.

    >>> skill_metric("multiclass", {"roc_auc_ovr": None, "accuracy": 0.8})
    'accuracy'
    """
    names = {"binary": ("roc_auc",), "multiclass": ("roc_auc_ovr", "accuracy"), "regression": ("r2",)}[task]
    return next((name for name in names if all(each.get(name) is not None for each in values)), names[-1])
