"""Writes logistic and ridge regression: one matrix product in double."""

from typing import Any

import numpy as np

from lambdaloop.training.onnx_writer import SCORES, GraphWriter


def write_ridge(graph: GraphWriter, columns: str, estimator: Any) -> None:
    """Write scores = columns · coefficients + intercept."""
    _write_decision(graph, columns, estimator, output=SCORES)


def write_logistic(graph: GraphWriter, columns: str, estimator: Any) -> None:
    """Sigmoid of the decision for two classes, softmax for more."""
    decision = _write_decision(graph, columns, estimator)
    if len(estimator.classes_) == 2:
        write_two_classes(graph, decision)
    else:
        graph.add("Softmax", decision, axis=1, output=SCORES)


def write_two_classes(graph: GraphWriter, decision: str) -> None:
    """Write scores = [1 - p, p] with p the sigmoid of the decision [N, 1]."""
    positive = graph.add("Sigmoid", decision)
    negative = graph.add("Sub", graph.constant([1.0]), positive)
    graph.add("Concat", negative, positive, axis=1, output=SCORES)


def _write_decision(graph: GraphWriter, columns: str, estimator: Any, *, output: str | None = None) -> str:
    coefficients = np.atleast_2d(estimator.coef_).T
    product = graph.add("MatMul", columns, graph.constant(coefficients))
    return graph.add("Add", product, graph.constant(np.atleast_1d(estimator.intercept_)), output=output)
