"""Decision trees as arrays over all nodes of an ensemble, walked for all trees or all rows at once.

A node sends a row to `right + (value <= threshold)`: children lie side by side, the right one first. A leaf has a threshold of
NaN, which no value is below, and `right` leads to itself; so rows that arrived stay, and no step asks whether they did.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambdaloop.domain.compiled import Part
from lambdaloop.serving.compiled.links import LINKS, Matrix

_FEW_NODES = 20_000
"""Up to here comparing one row with every node costs less than going down level by level (measured)."""
_LEVELS_PER_LOOK = 6
"""How often it is worth asking whether all rows have arrived."""


class TreeColumns:
    """What trees compare: columns as the estimator rounds them, and one more for each other way with missing values.

    A missing number goes right by itself, as NaN is below nothing. Where nodes send it left they look at a copy of the column
    with minus infinity instead. A split on categories is a column, too: 0 for those that go left, 1 for the others.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]], *, rounded: bool) -> None:
        self._rounded = rounded
        self._copied = arrays["copied"].astype(np.intp)
        self._split_columns = arrays["split_columns"].astype(np.intp)
        self._split_sizes = arrays["split_sizes"].astype(np.intp)
        self._split_starts = arrays["split_starts"].astype(np.intp)
        self._sides = arrays["sides"].astype(np.float64)

    def __call__(self, columns: Matrix) -> Matrix:
        if self._rounded:
            columns = columns.astype(np.float32).astype(np.float64)
        parts = [columns]
        if len(self._copied):
            copies = columns.take(self._copied, axis=1)
            parts.append(np.where(np.isnan(copies), -np.inf, copies))
        if len(self._split_starts):
            # Codes are whole numbers from -1 (missing or unknown) on; the fit may not have seen the last ones.
            codes = columns.take(self._split_columns, axis=1).astype(np.intp)
            known = np.where(codes < self._split_sizes, codes, -1)
            parts.append(self._sides.take(known + self._split_starts))
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


class Trees:
    """The trees of one ensemble."""

    def __init__(self, part: Part) -> None:
        self._columns = TreeColumns(part.arrays, rounded=part.values["rounded"])
        self._feature = part.arrays["feature"].astype(np.intp)
        self._threshold = part.arrays["threshold"]
        self._right = part.arrays["right"].astype(np.intp)
        self._roots = part.arrays["roots"].astype(np.intp)
        self._depths: list[int] = part.arrays["depths"].tolist()
        self._depth = max(self._depths)

    def __len__(self) -> int:
        return len(self._roots)

    def leaves(self, columns: Matrix) -> NDArray[np.intp]:
        """The node where each row ends in each tree [trees, rows]."""
        columns = self._columns(columns)
        if len(columns) > 1:
            return self._leaves_of_many(columns)
        row = columns[0]
        if len(self._right) <= _FEW_NODES:
            follow = self._right + (row.take(self._feature) <= self._threshold)
            nodes = self._roots
            for _ in range(self._depth):
                nodes = follow.take(nodes)
            return nodes.reshape(-1, 1)
        feature, threshold, right = self._feature, self._threshold, self._right
        nodes = self._roots
        for level in range(self._depth):
            below = row.take(feature.take(nodes)) <= threshold.take(nodes)
            last, nodes = nodes, right.take(nodes) + below
            if level % _LEVELS_PER_LOOK == 0 and np.array_equal(last, nodes):
                break
        return nodes.reshape(-1, 1)

    def _leaves_of_many(self, columns: Matrix) -> NDArray[np.intp]:
        """Tree after tree: the nodes of one stay in the processor's cache."""
        flat, starts = columns.ravel(), np.arange(len(columns)) * columns.shape[1]
        found = np.empty((len(self._roots), len(columns)), dtype=np.intp)
        for tree, (root, depth) in enumerate(zip(self._roots.tolist(), self._depths, strict=True)):
            nodes = np.full(len(columns), root, dtype=np.intp)
            for _ in range(depth):
                below = flat.take(self._feature.take(nodes) + starts) <= self._threshold.take(nodes)
                nodes = self._right.take(nodes) + below
            found[tree] = nodes
        return found


class Forest:
    """The mean of what the trees say. Added up tree after tree as scikit-learn does, so the sums are the same bit for bit."""

    def __init__(self, part: Part) -> None:
        self._trees = Trees(part)
        self._values = part.arrays["values"]

    def __call__(self, columns: Matrix) -> Matrix:
        reached = self._values.take(self._trees.leaves(columns), axis=0)
        total: Matrix = np.add.accumulate(reached, axis=0)[-1] / len(self._trees)
        return total


class Boosting:
    """The link of a baseline plus what the trees say, one tree for each score in turn."""

    def __init__(self, part: Part) -> None:
        self._trees = Trees(part)
        self._values = part.arrays["values"]
        self._baseline = part.arrays["baseline"]
        self._link = LINKS[part.values["link"]]

    def __call__(self, columns: Matrix) -> Matrix:
        scores = len(self._baseline)
        reached = self._values.take(self._trees.leaves(columns))
        rounds = reached.reshape(-1, scores, len(columns))
        start = np.broadcast_to(self._baseline.reshape(1, scores, 1), (1, scores, len(columns)))
        total = np.add.accumulate(np.concatenate((start, rounds)), axis=0)[-1]
        return self._link(np.ascontiguousarray(total.T))
