"""Predictions with labels, drawn at random: each label really has the probability that its score says."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambdaloop.domain.definition import Label
from lambdaloop.domain.metrics import Task

CLASSES: dict[Task, tuple[Label, ...]] = {
    "binary": ("no", "yes"),
    "multiclass": (2, 0, 1),
    "regression": (),
}
TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")

Drawn = tuple[NDArray[Any], NDArray[np.float64]]
"""Labels (class indices, or numbers), and scores."""


def draw(task: Task, rows: int, *, seed: int = 0, centre: float = 0.0, spread: float = 1.5) -> Drawn:
    """`centre` and `spread` of the logit of the positive class."""
    chance = np.random.default_rng(seed)
    if task == "regression":
        predicted = chance.normal(100, 10, rows)
        return predicted + chance.normal(0, 4, rows), predicted.reshape(-1, 1)
    if task == "binary":
        positive = expit(chance.normal(centre, spread, rows))
        scores = np.column_stack([1 - positive, positive])
    else:
        raw = np.exp(chance.normal(0, spread, (rows, 3)))
        scores = raw / raw.sum(axis=1, keepdims=True)
    target = (scores.cumsum(axis=1) < chance.random((rows, 1))).sum(axis=1)
    return np.minimum(target, scores.shape[1] - 1), scores


def expit(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-logits))
