"""Writes histogram gradient boosting: double thresholds, its own way with missing values, leaves that hold the learning rate."""

from typing import Any

import numpy as np

from lambdaloop.domain.errors import DefinitionInvalidError
from lambdaloop.domain.metrics import Task
from lambdaloop.training.onnx_linear import write_two_classes
from lambdaloop.training.onnx_trees import Tree, write_trees
from lambdaloop.training.onnx_writer import SCORES, GraphWriter

_LOG_LINK = frozenset({"poisson", "gamma"})


def write_boosting(graph: GraphWriter, columns: str, estimator: Any, *, task: Task) -> None:
    """Write scores = inverse link of the baseline plus the sums of the reached leaves."""
    trees = [
        _tree(predictor.nodes, target)
        for iteration in estimator._predictors  # noqa: SLF001  (scikit-learn has no public way to the trees)
        for target, predictor in enumerate(iteration)
    ]
    baseline = np.asarray(estimator._baseline_prediction).reshape(1, -1)  # noqa: SLF001  (the same)
    total = write_trees(graph, columns, trees, targets=baseline.shape[1])
    if task == "regression" and estimator.loss not in _LOG_LINK:
        graph.add("Add", total, graph.constant(baseline), output=SCORES)
        return
    raw = graph.add("Add", total, graph.constant(baseline))
    if task == "regression":
        graph.add("Exp", raw, output=SCORES)
    elif task == "binary":
        write_two_classes(graph, raw)
    else:
        graph.add("Softmax", raw, axis=1, output=SCORES)


def _tree(nodes: Any, target: int) -> Tree:
    if nodes["is_categorical"].any():
        raise DefinitionInvalidError(
            "histogram boosting must not split on raw categories: remove the parameter"
        )
    return Tree(
        is_leaf=nodes["is_leaf"].astype(np.bool_),
        left=nodes["left"].astype(np.int64),
        right=nodes["right"].astype(np.int64),
        feature=nodes["feature_idx"].astype(np.int64),
        threshold=nodes["num_threshold"].astype(np.float64),
        missing_left=nodes["missing_go_to_left"].astype(np.bool_),
        weight=nodes["value"].astype(np.float64),
        target=target,
    )
