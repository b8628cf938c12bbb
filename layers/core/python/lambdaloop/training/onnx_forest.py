"""Writes random forests. scikit-learn compares float32 columns with double thresholds and averages in double."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from lambdaloop.domain.metrics import Task
from lambdaloop.training.onnx_trees import Tree, write_trees
from lambdaloop.training.onnx_writer import SCORES, GraphWriter


def write_forest(graph: GraphWriter, columns: str, estimator: Any, *, task: Task) -> None:
    """Write scores = mean over the trees of the reached leaf's value."""
    rounded = graph.to_double(graph.add("Cast", columns, to=TensorProto.FLOAT))
    count = graph.constant(float(len(estimator.estimators_)))
    if task == "multiclass":
        _write_many_classes(graph, rounded, estimator, count)
        return
    column = 1 if task == "binary" else 0
    trees = [_tree(one.tree_, one.tree_.value[:, 0, column], target=0) for one in estimator.estimators_]
    total = write_trees(graph, rounded, trees, targets=1)
    if task == "regression":
        graph.add("Div", total, count, output=SCORES)
        return
    positive = graph.add("Div", total, count)
    negative = graph.add("Sub", graph.constant([1.0]), positive)
    graph.add("Concat", negative, positive, axis=1, output=SCORES)


def _write_many_classes(graph: GraphWriter, rows: str, estimator: Any, count: str) -> None:
    """A leaf of TreeEnsemble has one number, so it gives its place in a table of class probabilities."""
    trees: list[Tree] = []
    table: list[NDArray[np.float64]] = []
    first = 0
    for number, one in enumerate(estimator.estimators_):
        places = first + np.arange(one.tree_.node_count, dtype=np.float64)
        trees.append(_tree(one.tree_, places, target=number))
        table.append(one.tree_.value[:, 0, :])
        first += one.tree_.node_count
    places_reached = graph.add(
        "Cast", write_trees(graph, rows, trees, targets=len(trees)), to=TensorProto.INT64
    )
    values = graph.add("Gather", graph.constant(np.concatenate(table)), places_reached, axis=0)
    total = graph.add("ReduceSum", values, graph.constant([1], np.int64), keepdims=0)
    graph.add("Div", total, count, output=SCORES)


def _tree(tree: Any, weight: NDArray[np.float64], *, target: int) -> Tree:
    return Tree(
        is_leaf=tree.children_left < 0,
        left=tree.children_left,
        right=tree.children_right,
        feature=tree.feature,
        threshold=tree.threshold,
        missing_left=np.zeros(tree.node_count, dtype=np.bool_),  # missing values were filled before
        weight=weight,
        target=target,
    )
