"""Models made of models: votes, stacks and calibrated classifiers."""

from collections.abc import Callable, Sequence

import numpy as np

from lambdaloop.domain.compiled import Part
from lambdaloop.serving.compiled.links import Evaluator, Matrix, sigmoid, two_classes


class Vote:
    """The weighted mean of its members' scores."""

    def __init__(self, part: Part, members: Sequence[Evaluator]) -> None:
        self._members = members
        self._weights = part.arrays["weights"]

    def __call__(self, columns: Matrix) -> Matrix:
        scores = np.stack([member(columns) for member in self._members])
        mean: Matrix = np.average(scores, axis=0, weights=self._weights)
        return mean


class Stack:
    """A last model over the scores of the others, and over the columns too where it was fitted so."""

    def __init__(self, part: Part, members: Sequence[Evaluator]) -> None:
        *self._members, self._last = members
        self._skipped: list[int] = part.values["skipped"]
        """Columns to leave out of each member's scores: of two probabilities the first says nothing new."""
        self._passes_columns: bool = part.values["passes_columns"]

    def __call__(self, columns: Matrix) -> Matrix:
        parts = [
            member(columns)[:, skipped:] for member, skipped in zip(self._members, self._skipped, strict=True)
        ]
        if self._passes_columns:
            parts.append(columns)
        return self._last(np.concatenate(parts, axis=1))


class ScaledTarget:
    """A regressor that was fitted on a target of mean 0 and deviation 1."""

    def __init__(self, part: Part, members: Sequence[Evaluator]) -> None:
        (self._member,) = members
        self._scale: float = part.values["scale"]
        self._mean: float = part.values["mean"]

    def __call__(self, columns: Matrix) -> Matrix:
        return self._member(columns) * self._scale + self._mean


class Calibrated:
    """The mean over the folds of: a model's decisions, each turned into a probability by a fitted curve."""

    def __init__(self, part: Part, members: Sequence[Evaluator]) -> None:
        self._folds = [
            (member, [_curve(one) for one in fold.parts[1:]], fold.values["skipped"])
            for member, fold in zip(members, part.parts, strict=True)
        ]

    def __call__(self, columns: Matrix) -> Matrix:
        total: Matrix | float = 0.0
        for member, curves, skipped in self._folds:
            decision = member(columns)[:, skipped:]
            found = np.stack([curve(decision[:, place]) for place, curve in enumerate(curves)], axis=1)
            total = total + (two_classes(found) if len(curves) == 1 else _normalised(found))
        mean: Matrix = np.asarray(total) / len(self._folds)
        return mean


def _normalised(found: Matrix) -> Matrix:
    """Rows that add up to 1; equal shares where every curve says never."""
    total = found.sum(axis=1, keepdims=True)
    equal = np.full_like(found, 1 / found.shape[1])
    shares: Matrix = np.divide(found, total, out=equal, where=total != 0)
    return shares


def _curve(part: Part) -> Callable[[Matrix], Matrix]:
    if part.kind == "sigmoid_curve":
        slope, intercept = part.values["slope"], part.values["intercept"]
        return lambda decision: sigmoid(-(slope * decision + intercept))
    knots, heights = part.arrays["knots"], part.arrays["heights"]
    return lambda decision: np.interp(decision, knots, heights)
