"""Models whose heart is one product of matrices: linear ones, neural networks, naive Bayes and support vectors."""

from collections.abc import Mapping

import numpy as np

from lambdaloop.domain.compiled import Part
from lambdaloop.serving.compiled.links import LINKS, Evaluator, Matrix, sigmoid


class Linear:
    """The link of columns · coefficients + intercept."""

    def __init__(self, part: Part) -> None:
        self._coefficients = part.arrays["coefficients"]
        self._intercept = part.arrays["intercept"]
        self._link = LINKS[part.values["link"]]

    def __call__(self, columns: Matrix) -> Matrix:
        return self._link(columns @ self._coefficients + self._intercept)


class Network:
    """A feed-forward neural network; its parts are its layers."""

    def __init__(self, part: Part) -> None:
        self._layers = [(layer.arrays["weights"], layer.arrays["biases"]) for layer in part.parts]
        self._activation = _ACTIVATIONS[part.values["activation"]]
        self._link = LINKS[part.values["link"]]

    def __call__(self, columns: Matrix) -> Matrix:
        last = len(self._layers) - 1
        for place, (weights, biases) in enumerate(self._layers):
            columns = columns @ weights + biases
            if place < last:
                columns = self._activation(columns)
        return self._link(columns)


class NaiveBayes:
    """Gaussian naive Bayes: a normal distribution of each column in each class."""

    def __init__(self, part: Part) -> None:
        self._means = part.arrays["means"]
        self._variances = part.arrays["variances"]
        self._constant = part.arrays["constant"]
        """Per class: logarithm of its share, less that of its densities' greatest value."""

    def __call__(self, columns: Matrix) -> Matrix:
        apart = (columns[:, None, :] - self._means) ** 2 / self._variances
        likelihood = self._constant - 0.5 * apart.sum(axis=2)
        highest = likelihood.max(axis=1, keepdims=True)
        total = highest + np.log(np.exp(likelihood - highest).sum(axis=1, keepdims=True))
        shares: Matrix = np.exp(likelihood - total)
        return shares


class SupportVectors:
    """A kernel machine: raw decisions of two classes, of each against the others, or the number of a regression."""

    def __init__(self, part: Part) -> None:
        self._vectors = part.arrays["vectors"]
        self._weights = part.arrays["weights"]
        self._intercept = part.arrays["intercept"]
        self._classes: int = part.values["classes"]
        self._kernel: str = part.values["kernel"]
        self._gamma: float = part.values["gamma"]
        self._shift: float = part.values["shift"]
        self._degree: int = part.values["degree"]

    def __call__(self, columns: Matrix) -> Matrix:
        # Row after row: squared differences as they are, where |a|² - 2ab + |b|² would cancel for large numbers.
        similar = np.stack([self._similarity(row) for row in columns])
        decision: Matrix = similar @ self._weights + self._intercept
        return decision if self._classes <= 2 else _each_against_others(decision, self._classes)

    def _similarity(self, row: Matrix) -> Matrix:
        if self._kernel == "rbf":
            apart: Matrix = self._vectors - row
            near: Matrix = np.exp(-self._gamma * np.einsum("ij,ij->i", apart, apart))
            return near
        product: Matrix = self._vectors @ row
        if self._kernel == "linear":
            return product
        scaled = self._gamma * product + self._shift
        return scaled**self._degree if self._kernel == "poly" else np.tanh(scaled)


def _each_against_others(decision: Matrix, classes: int) -> Matrix:
    """Votes of the duels of all pairs of classes; their sums, squeezed into a third of a vote, decide between equals."""
    votes = np.zeros((len(decision), classes))
    sums = np.zeros((len(decision), classes))
    duel = 0
    for first in range(classes):
        for second in range(first + 1, classes):
            # scikit-learn turns the sign of libsvm's decisions before it adds them up.
            confidence = -decision[:, duel]
            sums[:, first] -= confidence
            sums[:, second] += confidence
            votes[:, first] += decision[:, duel] >= 0
            votes[:, second] += decision[:, duel] < 0
            duel += 1
    decided: Matrix = votes + sums / (3 * (np.abs(sums) + 1))
    return decided


def _positive(columns: Matrix) -> Matrix:
    return np.maximum(columns, 0)


_ACTIVATIONS: Mapping[str, Evaluator] = {
    "identity": LINKS["raw"],
    "logistic": sigmoid,
    "tanh": np.tanh,
    "relu": _positive,
}
