"""Decision trees as arrays over all nodes of an ensemble, level after level: first all roots, then all their children, and so on.

A node sends a row to `right + (value <= threshold)`: children lie side by side, the right one first. A leaf has a threshold of
NaN, which no value is below, and `right` leads to itself; so rows that arrived stay, and no step asks whether they did.

What a step costs is mostly the calls of numpy, whatever they work on. So a single row is compared with all nodes of the first
levels in one go, has then one step at a time for all trees, and a few last branches that are much longer than the others are walked
in plain Python. Of many rows, those of many trees take a step together.
"""

from collections.abc import Mapping
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambdaloop.domain.compiled import Part
from lambdaloop.serving.compiled.links import LINKS, Matrix

_FEW_NODES = 20_000
"""Up to here comparing one row with every node costs less than going down level by level (measured, as all that follow)."""
_NARROW = 2_000
"""Of more nodes, the first levels are compared as a whole, as long as they have no more than this each."""
_FEW_BRANCHES = 25
"""That many are walked to their ends sooner one by one than together."""
_PAIRS_AT_ONCE = 16_384
"""So many pairs of a tree and a row go down together: their values stay in the processor's cache."""
_LEVELS_PER_LOOK = 3
"""How often it is worth asking who has arrived."""
_THRESHOLD, _FEATURE, _RIGHT, _WIDTH = 0, 1, 2, 4
"""A node in memory, 32 bytes: one step reads one place. The fourth part is empty, as odd sizes are copied more slowly."""


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
        widths: list[int] = part.arrays["widths"].tolist()
        self._roots = np.arange(widths[0])
        self._levels = len(widths) - 1
        self._nodes = np.zeros((sum(widths), _WIDTH))
        pointers = self._nodes.view(np.intp)
        self._nodes[:, _THRESHOLD] = part.arrays["threshold"]
        pointers[:, _FEATURE] = part.arrays["feature"]
        pointers[:, _RIGHT] = part.arrays["right"]
        self._top_levels = _levels_at_once(widths)
        # With the last level go the leaves, which have no step to take.
        top = len(self._nodes) if self._top_levels == self._levels else sum(widths[: self._top_levels])
        self._top_feature = np.ascontiguousarray(pointers[:top, _FEATURE])
        self._top_threshold = np.ascontiguousarray(self._nodes[:top, _THRESHOLD])
        self._top_right = np.ascontiguousarray(pointers[:top, _RIGHT])
        # Plain numbers one at a time: much faster than from an array.
        self._threshold = self._nodes[:, _THRESHOLD].data
        self._feature = pointers[:, _FEATURE].data
        self._right = pointers[:, _RIGHT].data

    def __len__(self) -> int:
        return len(self._roots)

    def leaves(self, columns: Matrix) -> NDArray[np.intp]:
        """The node where each row ends in each tree [trees, rows]."""
        columns = self._columns(columns)
        if len(columns) == 1:
            return self._leaves_of_one(columns[0]).reshape(-1, 1)
        flat, starts = columns.ravel(), np.arange(len(columns)) * columns.shape[1]
        found = np.empty((len(self), len(columns)), dtype=np.intp)
        together = max(1, _PAIRS_AT_ONCE // len(columns))
        for first in range(0, len(self), together):
            trees = self._roots[first : first + together]
            arrived = self._arrive(np.repeat(trees, len(columns)), flat, np.tile(starts, len(trees)))
            found[first : first + together] = arrived.reshape(len(trees), -1)
        return found

    def _leaves_of_one(self, row: Matrix) -> NDArray[np.intp]:
        follow = self._top_right + (row.take(self._top_feature) <= self._top_threshold)
        nodes: NDArray[np.intp] = self._roots
        for _ in range(self._top_levels):
            nodes = follow.take(nodes)
        if self._top_levels == self._levels:
            return nodes
        read = np.empty((len(nodes), _WIDTH))
        pointers = read.view(np.intp)
        threshold, feature, right = read[:, _THRESHOLD], pointers[:, _FEATURE], pointers[:, _RIGHT]
        while True:
            for _ in range(_LEVELS_PER_LOOK):
                self._nodes.take(nodes, 0, read, "clip")  # clip: written into `read` without a copy
                last, nodes = nodes, right + (row.take(feature) <= threshold)
            underway = np.flatnonzero(nodes != last)
            if len(underway) <= _FEW_BRANCHES:
                break
        self._walk(nodes, underway.tolist(), row.tolist())
        return nodes

    def _walk(self, nodes: NDArray[np.intp], underway: list[int], row: list[float]) -> None:
        """Take those that are under way to their leaves."""
        for tree in underway:
            node = nodes.item(tree)
            while (threshold := self._threshold[node]) == threshold:
                node = self._right[node] + (row[self._feature[node]] <= threshold)
            nodes[tree] = node

    def _arrive(self, nodes: NDArray[np.intp], flat: Matrix, starts: NDArray[np.intp]) -> NDArray[np.intp]:
        """The leaves below the nodes, each for the row that starts in `flat` where it says."""
        found = np.empty_like(nodes)
        places = np.arange(len(nodes))
        while len(places):
            for _ in range(_LEVELS_PER_LOOK):
                read = self._nodes.take(nodes, 0)
                pointers = read.view(np.intp)
                below = flat.take(pointers[:, _FEATURE] + starts) <= read[:, _THRESHOLD]
                last, nodes = nodes, pointers[:, _RIGHT] + below
            found[places] = nodes
            underway = np.flatnonzero(nodes != last)
            nodes, starts, places = nodes.take(underway), starts.take(underway), places.take(underway)
        return found


def _levels_at_once(widths: list[int]) -> int:
    """How many levels a single row is compared with as a whole."""
    if sum(widths) <= _FEW_NODES:
        return len(widths) - 1
    sums = accumulate(widths)
    return next(
        level
        for level, (width, nodes) in enumerate(zip(widths, sums, strict=True))
        if width > _NARROW or nodes > _FEW_NODES
    )


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
        said = np.empty((len(rounds) + 1, scores, len(columns)))
        said[0] = self._baseline.reshape(scores, 1)
        said[1:] = rounds
        total = np.add.accumulate(said, axis=0)[-1]
        return self._link(np.ascontiguousarray(total.T))
