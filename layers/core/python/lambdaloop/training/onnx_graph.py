"""Writes a fitted pipeline as the ONNX graph that is served: the same operations in the same order, all in double.

A plain float32 conversion was up to 0.4 off in probability on columns of large magnitude (docs/decisions).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from lambdaloop.domain.definition import Estimator, Feature
from lambdaloop.domain.signature import Signature
from lambdaloop.training.onnx_boosting import write_boosting
from lambdaloop.training.onnx_forest import write_forest
from lambdaloop.training.onnx_linear import write_logistic, write_ridge
from lambdaloop.training.onnx_writer import ROWS, GraphWriter
from lambdaloop.training.pipelines import category_columns, numeric_columns


def write_onnx(pipeline: Pipeline, signature: Signature, *, estimator: Estimator) -> bytes:
    """The model that takes the matrix of `domain.encoding` and gives the scores of `scoring.predict_scores`."""
    graph = GraphWriter()
    columns = _write_columns(graph, pipeline.named_steps["columns"], signature.features)
    fitted = pipeline.named_steps["estimator"]
    if estimator == "ridge":
        write_ridge(graph, columns, fitted)
    elif estimator == "logistic_regression":
        write_logistic(graph, columns, fitted)
    elif estimator == "random_forest":
        write_forest(graph, columns, fitted, task=signature.task)
    else:
        write_boosting(graph, columns, fitted, task=signature.task)
    return graph.model(features=len(signature.features), outputs=max(1, len(signature.classes)))


def _write_columns(graph: GraphWriter, transformer: Any, features: Mapping[str, Feature]) -> str:
    """What the ColumnTransformer gives: numbers first, then one column per category."""
    place = {name: index for index, name in enumerate(features)}
    numeric, category = numeric_columns(features), category_columns(features)
    parts: list[str] = []
    if numeric:
        numbers = graph.add("Gather", ROWS, graph.constant([place[n] for n in numeric], np.int64), axis=1)
        steps = transformer.named_transformers_["numeric"]
        if isinstance(steps, Pipeline):
            numbers = _write_imputing(graph, numbers, steps.named_steps["impute"])
            numbers = _write_scaling(graph, numbers, steps.named_steps["scale"])
        parts.append(numbers)
    if category:
        parts.append(_write_one_hot(graph, {name: place[name] for name in category}, features))
    return parts[0] if len(parts) == 1 else graph.add("Concat", *parts, axis=1)


def _write_imputing(graph: GraphWriter, numbers: str, imputer: Any) -> str:
    """Missing numbers become the median, followed by one column for each that had missing values in training."""
    missing = graph.add("IsNaN", numbers)
    filled = graph.add("Where", missing, graph.constant(imputer.statistics_), numbers)
    marked = imputer.indicator_.features_
    if not len(marked):
        return filled
    indicator = graph.add("Gather", missing, graph.constant(marked, np.int64), axis=1)
    return graph.add("Concat", filled, graph.to_double(indicator), axis=1)


def _write_scaling(graph: GraphWriter, numbers: str, scaler: Any) -> str:
    centred = graph.add("Sub", numbers, graph.constant(scaler.mean_))
    return graph.add("Div", centred, graph.constant(scaler.scale_))


def _write_one_hot(graph: GraphWriter, places: Mapping[str, int], features: Mapping[str, Feature]) -> str:
    """One comparison of the code with every index it may have: an unseen category (-1) equals none."""
    repeated: list[int] = []
    codes: list[float] = []
    for name, place in places.items():
        count = len(features[name].categories) + features[name].nullable
        repeated += [place] * count
        codes += range(count)
    wide = graph.add("Gather", ROWS, graph.constant(repeated, np.int64), axis=1)
    return graph.to_double(graph.add("Equal", wide, graph.constant(codes)))
