"""From raw decisions to scores, and the shapes that all evaluators share."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
"""[rows, columns]"""
Evaluator = Callable[[Matrix], Matrix]
"""Columns in, scores out: [rows, classes] probabilities, [rows, 1] numbers, or raw decisions."""


def sigmoid(decision: Matrix) -> Matrix:
    """1 / (1 + exp(-x)), without an overflow for any x."""
    small = np.exp(-np.abs(decision))
    return np.where(decision >= 0, 1.0, small) / (1.0 + small)


def softmax(decision: Matrix) -> Matrix:
    """Probabilities of each row's decisions [rows, classes]."""
    powers = np.exp(decision - decision.max(axis=1, keepdims=True))
    result: Matrix = powers / powers.sum(axis=1, keepdims=True)
    return result


def two_classes(positive: Matrix) -> Matrix:
    """[1 - p, p] of the second class's probability [rows, 1]."""
    return np.concatenate((1.0 - positive, positive), axis=1)


def _raw(decision: Matrix) -> Matrix:
    return decision


LINKS: Mapping[str, Evaluator] = {
    "raw": _raw,
    "exponential": np.exp,
    "sigmoid": lambda decision: two_classes(sigmoid(decision)),
    "softmax": softmax,
}
"""By the name that stands in a part."""
