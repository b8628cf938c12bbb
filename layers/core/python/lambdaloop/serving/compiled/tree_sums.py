"""Which models are sums over trees, on which scale, and what each leaf adds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lambdaloop.domain.compiled import Part
from lambdaloop.domain.explained_scale import Scale


@dataclass(frozen=True, slots=True)
class TreeSum:
    """One output as a sum over trees, up to a constant."""

    trees: Part
    values: NDArray[np.float64]
    """What the sum receives from each node [nodes], where it is a leaf."""


def tree_sum(estimator: Part, *, score: int, scale: Scale) -> TreeSum | None:
    """The output of that score on that scale; None where it is no sum over trees.

    `score` is the place of the explained class, and 0 for a regression.
    """
    if estimator.kind == "scaled_target":
        member = tree_sum(estimator.parts[0], score=score, scale=scale)
        return member and TreeSum(member.trees, member.values * estimator.values["scale"])
    if estimator.kind == "forest":
        values = estimator.arrays["values"]
        wanted = "probability" if values.shape[1] > 1 else "value"
        return TreeSum(estimator, values[:, score] / _trees(estimator)) if scale == wanted else None
    if estimator.kind == "boosting":
        factors = _boosting_factors(estimator, score, scale)
        return factors if factors is None else TreeSum(estimator, estimator.arrays["values"] * factors)
    return None


def _boosting_factors(part: Part, score: int, scale: Scale) -> NDArray[np.float64] | None:
    """What each node's value counts for [nodes]."""
    link, scores, trees = part.values["link"], len(part.arrays["baseline"]), _trees(part)
    of_trees: NDArray[np.float64]
    if (link, scale) == ("raw", "value"):
        of_trees = np.ones(trees)
    elif (link, scale) == ("sigmoid", "margin"):
        of_trees = np.full(trees, 1.0 if score == 1 else -1.0)
    elif (link, scale) == ("softmax", "margin"):
        # Over the geometric mean of all probabilities: less the mean of all raw scores.
        of_trees = (np.arange(trees) % scores == score) - 1 / scores
    else:
        return None
    return of_trees.take(_tree_of_nodes(part))


def _tree_of_nodes(part: Part) -> NDArray[np.intp]:
    """The number of the tree that each node belongs to [nodes], passed down level by level."""
    right, widths = part.arrays["right"], part.arrays["widths"].tolist()
    tree = np.empty(len(right), dtype=np.intp)
    tree[: widths[0]] = np.arange(widths[0])
    start = 0
    for width in widths:
        nodes = np.arange(start, start + width)
        branches = nodes[right[nodes] != nodes]
        for children in (right[branches], right[branches] + 1):
            tree[children] = tree[branches]
        start += width
    return tree


def _trees(part: Part) -> int:
    return int(part.arrays["widths"][0])
