"""Exact Shapley values of what trees say: each leaf that some mix of two rows reaches is shared out among their features.

A mix takes some features of the explained row and the others of a background row. Going down a tree, both rows go the same
way at most nodes; where they part, the feature decides: mixes with the row's own value go one way, the others the other. So a
leaf is reached by just those mixes that have certain features of the row and certain others of the background, and the Shapley
value of such a mix is known: with a features of the one kind and b of the other, each of the first receives
(a-1)! b! / (a+b)! of the leaf's value, and each of the second loses a! (b-1)! / (a+b)! of it (Lundberg et al., "From local
explanations to global understanding with explainable AI for trees", 2020, the interventional form). Columns that were made
from one feature are one player.
"""

from functools import cache
from math import comb

import numpy as np
from numpy.typing import NDArray

from lambdaloop.serving.compiled.column_origins import SEVERAL
from lambdaloop.serving.compiled.links import Matrix
from lambdaloop.serving.compiled.tree_sums import TreeSum
from lambdaloop.serving.compiled.trees import TreeColumns

_NODES_AT_ONCE = 100_000
"""Trees that are walked together: at worst each of their leaves is in memory with all features."""


class TreeShares:
    """One number that is a sum over trees, and how features share in it."""

    def __init__(self, sum_: TreeSum, origins: NDArray[np.intp]) -> None:
        """`origins` [columns]: the feature that each of the estimator's columns was made from."""
        arrays = sum_.trees.arrays
        self._columns = TreeColumns(arrays, rounded=sum_.trees.values["rounded"])
        self._feature = arrays["feature"].astype(np.intp)
        self._threshold = arrays["threshold"]
        self._right = arrays["right"].astype(np.intp)
        self._values = sum_.values
        compared = (origins, origins.take(arrays["copied"]), origins.take(arrays["split_columns"]))
        self._owner = np.concatenate(compared).take(self._feature)
        self._groups = _groups(int(arrays["widths"][0]), len(self._right))
        is_branch = ~np.isnan(self._threshold)
        self.are_separable = not (self._owner[is_branch] == SEVERAL).any()
        """Whether each comparison is about one feature."""

    def shares(self, columns: Matrix, features: int) -> Matrix:
        """Columns of a row and of background rows [1 + rows, columns] → shares of the features [rows, features].

        Each line adds up to the row's number less that of the background row.
        """
        row, *others = self._columns(columns)
        found = np.zeros((len(others), features))
        for place, other in enumerate(others):
            for roots in self._groups:
                found[place] += self._shares(row, other, features, roots)
        return found

    def _shares(
        self, row: NDArray[np.float64], other: NDArray[np.float64], features: int, roots: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        nodes = roots
        # For each place in a tree and each feature: 1 when it must be the row's, -1 the background's, 0 when it does not matter.
        sides = np.zeros((len(nodes), features), dtype=np.int8)
        total = np.zeros(features)
        while len(nodes):
            column, threshold, right = (
                self._feature.take(nodes),
                self._threshold.take(nodes),
                self._right.take(nodes),
            )
            own, others = (
                right + (row.take(column) <= threshold),
                right + (other.take(column) <= threshold),
            )
            arrived = own == nodes
            total += _shared_out(sides[arrived], self._values.take(nodes[arrived]))
            together = np.flatnonzero((own == others) & ~arrived)
            parted = np.flatnonzero(own != others)
            owner = self._owner.take(nodes[parted])
            side = sides[parted, owner]
            to_own, to_other = parted[side >= 0], parted[side <= 0]
            went_own, went_other = sides[to_own], sides[to_other]
            went_own[np.arange(len(to_own)), owner[side >= 0]] = 1
            went_other[np.arange(len(to_other)), owner[side <= 0]] = -1
            nodes = np.concatenate((own[together], own[to_own], others[to_other]))
            sides = np.concatenate((sides[together], went_own, went_other))
        return total


def _groups(trees: int, nodes: int) -> list[NDArray[np.intp]]:
    """The roots of trees that together have not too many nodes; a great tree is alone."""
    return np.array_split(np.arange(trees), min(trees, -(-nodes // _NODES_AT_ONCE)))


def _shared_out(sides: NDArray[np.int8], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the features receive of leaves [leaves, features] with those values."""
    own, others = sides > 0, sides < 0
    counts = own.sum(axis=1), others.sum(axis=1)
    gains, losses = _weights(int(max(counts[0].max(initial=0), counts[1].max(initial=0))))
    shared: NDArray[np.float64] = (values * gains[counts]) @ own - (values * losses[counts]) @ others
    return shared


@cache
def _weights(most: int) -> tuple[Matrix, Matrix]:
    """What each of a features gains and each of b loses, by a and b: 1 / (a C(a+b, a)) and 1 / (b C(a+b, b))."""
    gains, losses = np.zeros((most + 1, most + 1)), np.zeros((most + 1, most + 1))
    for a in range(most + 1):
        for b in range(most + 1):
            if a:
                gains[a, b] = 1 / (a * comb(a + b, a))
            if b:
                losses[a, b] = 1 / (b * comb(a + b, b))
    return gains, losses
