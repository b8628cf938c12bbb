"""The compiled form of decision trees: one layout for the trees of scikit-learn and for those of histogram boosting."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambdaloop.domain.compiled import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """One binary tree as arrays over its nodes, root first; a row goes left when feature <= threshold."""

    is_leaf: NDArray[np.bool_]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    missing_left: NDArray[np.bool_]
    values: NDArray[np.float64]
    """What a leaf says [nodes] or [nodes, classes]."""
    split: NDArray[np.int64]
    """The number of the categorical split of a node, -1 for one on numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CategorySplits:
    """Splits of categories, numbered over all trees."""

    columns: NDArray[np.int64]
    """The column that each looks at."""
    sides: Sequence[NDArray[np.int64]]
    """For each: 0 where unseen or missing, the first category, the second and so on go left, 1 where they go right."""


def plain_tree(tree: Any, values: NDArray[np.float64]) -> Tree:
    """A tree of scikit-learn's own."""
    return Tree(
        is_leaf=tree.children_left < 0,
        left=tree.children_left,
        right=tree.children_right,
        feature=tree.feature,
        threshold=tree.threshold,
        missing_left=tree.missing_go_to_left.astype(np.bool_),
        values=values,
        split=np.full(len(tree.feature), -1),
    )


def trees_part(
    kind: str,
    trees: Sequence[Tree],
    *,
    columns: int,
    rounded: bool,
    splits: CategorySplits | None = None,
    values: Mapping[str, Any] | None = None,
    arrays: Mapping[str, NDArray[Any]] | None = None,
) -> Part:
    """The part of an ensemble over so many columns. rounded: whether they are rounded to float32 before they are compared."""
    copied = sorted({int(f) for tree in trees for f in _copied(tree)})
    place_of_copy = np.full(columns, -1, dtype=np.int64)
    place_of_copy[copied] = columns + np.arange(len(copied))
    whole = _together(trees)
    order, widths = _by_level(whole, roots=_firsts(trees))
    branches = ~whole.is_leaf[order]
    right = np.arange(len(order))
    # The children of the first branch come right after the roots, those of the second after them, and so on.
    right[branches] = len(trees) + 2 * np.arange(branches.sum())
    feature = np.where(branches, whole.feature[order], 0)
    threshold = np.where(branches, whole.threshold[order], np.nan)
    to_copy = branches & whole.missing_left[order]
    on_categories = branches & (whole.split[order] >= 0)
    feature = np.where(on_categories, columns + len(copied) + whole.split[order], feature)
    threshold = np.where(on_categories, 0.5, threshold)
    to_copy &= ~on_categories
    feature[to_copy] = place_of_copy[feature[to_copy]]
    return Part(
        kind=kind,
        values={"rounded": rounded, **(values or {})},
        arrays={
            "feature": feature.astype(np.int32),
            "threshold": threshold,
            "right": right.astype(np.int32),
            "values": whole.values[order],
            "widths": np.array(widths, dtype=np.int32),
            "copied": np.array(copied, dtype=np.int32),
            **_split_arrays(splits),
            **(arrays or {}),
        },
    )


def _copied(tree: Tree) -> NDArray[np.int64]:
    """The columns of which some node sends missing numbers left."""
    numeric = ~tree.is_leaf & tree.missing_left & (tree.split < 0)
    return np.unique(tree.feature[numeric])


def _firsts(trees: Sequence[Tree]) -> NDArray[np.int64]:
    """Where each tree begins among the nodes of all."""
    return np.cumsum([0, *(len(tree.is_leaf) for tree in trees[:-1])])


def _together(trees: Sequence[Tree]) -> Tree:
    """One after the other, as one with several roots."""
    firsts = _firsts(trees)
    return Tree(
        is_leaf=np.concatenate([one.is_leaf for one in trees]),
        left=np.concatenate([one.left + first for one, first in zip(trees, firsts, strict=True)]),
        right=np.concatenate([one.right + first for one, first in zip(trees, firsts, strict=True)]),
        feature=np.concatenate([one.feature for one in trees]),
        threshold=np.concatenate([one.threshold for one in trees]),
        missing_left=np.concatenate([one.missing_left for one in trees]),
        values=np.concatenate([one.values for one in trees]),
        split=np.concatenate([one.split for one in trees]),
    )


def _by_level(whole: Tree, *, roots: NDArray[np.int64]) -> tuple[NDArray[np.int64], list[int]]:
    """The nodes level after level, so that the two children of a node lie side by side, the right one first; and how many each level has."""
    levels = [roots]
    while True:
        inner = levels[-1][~whole.is_leaf[levels[-1]]]
        if not len(inner):
            return np.concatenate(levels), [len(level) for level in levels]
        levels.append(np.stack([whole.right[inner], whole.left[inner]], axis=1).ravel())


def _split_arrays(splits: CategorySplits | None) -> dict[str, NDArray[Any]]:
    sides = splits.sides if splits else []
    ends = np.cumsum([0, *map(len, sides)])
    return {
        "split_columns": np.asarray(splits.columns if splits else [], dtype=np.int32),
        "split_sizes": (np.diff(ends) - 1).astype(np.int32),
        # A code of -1 is the first entry of its table.
        "split_starts": (ends[:-1] + 1).astype(np.int32),
        "sides": np.concatenate([np.zeros(0), *sides]).astype(np.uint8),
    }
