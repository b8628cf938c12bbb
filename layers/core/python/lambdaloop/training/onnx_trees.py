"""Writes decision trees as one TreeEnsemble node in double, the form that forests and histogram boosting share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambdaloop.training.onnx_writer import GraphWriter, tensor

_SUM = 1
_BRANCH_LEQ = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """One binary tree as arrays over its nodes, root first; a row goes left when feature <= threshold."""

    is_leaf: NDArray[np.bool_]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    missing_left: NDArray[np.bool_]
    weight: NDArray[np.float64]
    """What a leaf adds to its target."""
    target: int


def write_trees(graph: GraphWriter, rows: str, trees: Sequence[Tree], *, targets: int) -> str:
    """Sums of the leaves that each row reaches, double [N, targets]."""
    columns: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
    roots: list[int] = []
    branches = leaves = 0
    for tree in map(_with_branch, trees):
        roots.append(branches)
        inner = np.flatnonzero(~tree.is_leaf)
        outer = np.flatnonzero(tree.is_leaf)
        place = np.empty(len(tree.is_leaf), dtype=np.int64)
        place[inner] = branches + np.arange(len(inner))
        place[outer] = leaves + np.arange(len(outer))
        parts = {
            "featureids": tree.feature[inner],
            "splits": tree.threshold[inner],
            "missing_value_tracks_true": tree.missing_left[inner],
            "truenodeids": place[tree.left[inner]],
            "trueleafs": tree.is_leaf[tree.left[inner]],
            "falsenodeids": place[tree.right[inner]],
            "falseleafs": tree.is_leaf[tree.right[inner]],
            "weights": tree.weight[outer],
            "targetids": np.full(len(outer), tree.target),
        }
        for name, values in parts.items():
            columns[name].append(values)
        branches += len(inner)
        leaves += len(outer)
    joined = {name: np.concatenate(values) for name, values in columns.items()}
    integers = {
        f"nodes_{name}": joined[name].astype(np.int64).tolist()
        for name in (
            "featureids",
            "missing_value_tracks_true",
            "truenodeids",
            "trueleafs",
            "falsenodeids",
            "falseleafs",
        )
    }
    if not joined["missing_value_tracks_true"].any():
        del integers["nodes_missing_value_tracks_true"]
    return graph.add(
        "TreeEnsemble",
        rows,
        n_targets=targets,
        aggregate_function=_SUM,
        post_transform=0,
        tree_roots=roots,
        nodes_splits=tensor(joined["splits"]),
        nodes_modes=tensor(np.full(branches, _BRANCH_LEQ), np.uint8),
        leaf_targetids=joined["targetids"].astype(np.int64).tolist(),
        leaf_weights=tensor(joined["weights"]),
        **integers,
    )


_COLUMNS = (
    "featureids",
    "splits",
    "missing_value_tracks_true",
    "truenodeids",
    "trueleafs",
    "falsenodeids",
    "falseleafs",
    "weights",
    "targetids",
)


def _with_branch(tree: Tree) -> Tree:
    """TreeEnsemble knows no tree that is a leaf: give it a branch whose two leaves are equal."""
    if not tree.is_leaf[0]:
        return tree
    zeros = np.zeros(3, dtype=np.int64)
    return Tree(
        is_leaf=np.array([False, True, True]),
        left=zeros + 1,
        right=zeros + 2,
        feature=zeros,
        threshold=np.zeros(3),
        missing_left=np.zeros(3, dtype=np.bool_),
        weight=np.full(3, tree.weight[0]),
        target=tree.target,
    )
