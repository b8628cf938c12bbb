"""The served graph against scikit-learn, where float32 would be up to 0.4 off."""

from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from lambdaloop.domain.definition import (
    Candidate,
    Data,
    Estimator,
    Feature,
    ModelDefinition,
    Parameter,
    Training,
)
from lambdaloop.domain.metrics import Task
from lambdaloop.domain.signature import Signature
from lambdaloop.serving.onnx_model import OnnxModel
from lambdaloop.training.golden_rows import frame_of
from lambdaloop.training.onnx_graph import write_onnx
from lambdaloop.training.pipelines import fit
from lambdaloop.training.scoring import predict_scores
from tests.unit.training.sample_data import ESTIMATORS, FEATURES, candidate, definition, prepared

CASES = [(task, estimator) for task, estimators in ESTIMATORS.items() for estimator in estimators]
EXACT = 1e-12


def trouble(row: dict[str, Any]) -> list[dict[str, Any]]:
    """One ordinary row and what else may come."""
    changes: list[dict[str, Any]] = [
        {},
        *({name: size} for name in ("amount", "score") for size in (1e7, -1e7, 1.7e9, 1.7e12, 1e-9, 0.0)),
        *({name: size} for name in ("since", "age") for size in (10**7, -(10**7), 1_700_000_000, 0)),
        {"amount": 1e7, "since": 1_700_000_000, "age": 10**7, "score": 1.7e9},
        *({name: None} for name, feature in FEATURES.items() if feature.nullable),
        {name: None for name, feature in FEATURES.items() if feature.nullable},
        {"plan": "gold"},
        {"plan": "gold", "region (code)": "moon", "age": None, "amount": 1.7e9},
        {"active": True},
        {"active": False},
    ]
    return [row | change for change in changes]


def plain(frame: pd.DataFrame, features: dict[str, Feature] | Any) -> list[dict[str, Any]]:
    rows = []
    for record in frame.to_dict("records"):
        row: dict[str, Any] = {}
        for name, feature in features.items():
            value = record[name]
            kind = {"boolean": bool, "integer": int}.get(feature.type)
            row[name] = None if value != value else kind(value) if kind else value  # noqa: PLR0124
        rows.append(row)
    return rows


def served(
    pipeline: Pipeline, model: ModelDefinition, estimator: Estimator, rows: list[dict[str, Any]]
) -> NDArray[np.float64]:
    signature = Signature.of(model)
    runtime = OnnxModel(signature, write_onnx(pipeline, signature, estimator=estimator))
    batch, single = runtime.predict(rows), [runtime.predict([row])[0] for row in rows]
    as_rows = [
        [list(one.probabilities.values()) if one.probabilities else [one.value] for one in answers]
        for answers in (batch, single)
    ]
    assert np.abs(np.subtract(*map(np.array, as_rows))).max() < EXACT * max(
        1.0, float(np.abs(as_rows[0]).max())
    )
    return np.array(as_rows[1])


def difference(
    pipeline: Pipeline, model: ModelDefinition, estimator: Estimator, rows: list[dict[str, Any]]
) -> float:
    expected = predict_scores(pipeline, frame_of(rows, model.features), task=model.task)
    got = served(pipeline, model, estimator, rows)
    assert got.shape == expected.shape
    return float((np.abs(got - expected) / np.maximum(1, np.abs(expected))).max())


@pytest.mark.parametrize(("task", "estimator"), CASES)
def test_the_graph_answers_ordinary_and_troublesome_rows_as_scikit_learn_does(
    task: Task, estimator: Estimator
) -> None:
    data, model = prepared(task), definition(task)
    pipeline = fit(model, candidate(estimator), data.training_frame, data.training_target)
    ordinary = plain(data.holdout_frame, FEATURES)
    rows = [*ordinary, *(row for one in ordinary[:4] for row in trouble(one))]
    assert difference(pipeline, model, estimator, rows) <= EXACT


@pytest.mark.parametrize(
    ("task", "estimator", "parameters"),
    [
        ("binary", "random_forest", {"class_weight": "balanced", "max_features": None}),
        ("multiclass", "random_forest", {"criterion": "entropy", "max_depth": 2}),
        ("regression", "random_forest", {"bootstrap": False, "max_features": 0.5}),
        ("regression", "hist_gradient_boosting", {"loss": "absolute_error"}),
        ("binary", "hist_gradient_boosting", {"early_stopping": True, "max_leaf_nodes": 5}),
        ("binary", "logistic_regression", {"C": 0.01, "class_weight": "balanced"}),
        ("regression", "ridge", {"fit_intercept": False}),
    ],
)
def test_hyperparameters_do_not_change_that(
    task: Task, estimator: Estimator, parameters: dict[str, Parameter]
) -> None:
    data, model = prepared(task), definition(task)
    pipeline = fit(model, candidate(estimator, **parameters), data.training_frame, data.training_target)
    rows = [row for one in plain(data.holdout_frame.head(3), FEATURES) for row in trouble(one)]
    assert difference(pipeline, model, estimator, rows) <= EXACT


@pytest.mark.parametrize("loss", ["poisson", "gamma"])
def test_boosting_with_a_logarithmic_link_is_served_through_its_exponential(loss: str) -> None:
    data, model = prepared("regression"), definition("regression")
    target = np.exp(data.training_target / 400)
    pipeline = fit(model, candidate("hist_gradient_boosting", loss=loss), data.training_frame, target)
    rows = plain(data.holdout_frame, FEATURES)
    assert difference(pipeline, model, "hist_gradient_boosting", rows) <= EXACT


@pytest.mark.parametrize("estimator", ["logistic_regression", "random_forest", "hist_gradient_boosting"])
@pytest.mark.parametrize("kind", ["number", "category"])
def test_a_model_may_have_columns_of_one_kind_only(estimator: Estimator, kind: str) -> None:
    features = {
        name: feature
        for name, feature in FEATURES.items()
        if (feature.type == "category") == (kind == "category")
    }
    data, model = prepared(), definition(features=features)
    frame = data.training_frame[list(features)]
    pipeline = fit(model, candidate(estimator), frame, data.training_target)
    rows = [
        {name: row[name] for name in features}
        for one in plain(data.holdout_frame.head(5), FEATURES)
        for row in trouble(one)
    ]
    assert difference(pipeline, model, estimator, rows) <= EXACT


@pytest.mark.parametrize("estimator", ["random_forest", "hist_gradient_boosting"])
def test_a_tree_that_never_splits_is_served_too(estimator: Estimator) -> None:
    model = ModelDefinition(
        name="sample",
        task="binary",
        target="y",
        classes=(0, 1),
        features={"x": Feature(type="number", nullable=True)},
        data=Data(location="x/"),
        training=Training(metric="roc_auc", candidates=(candidate(estimator),)),
    )
    frame = pd.DataFrame({"x": [1.0] * 40})
    pipeline = fit(model, candidate(estimator), frame, np.array([0, 1] * 20))
    assert difference(pipeline, model, estimator, [{"x": 1.0}, {"x": 1e9}, {"x": None}]) <= EXACT


@pytest.mark.parametrize("estimator", ["random_forest", "logistic_regression"])
def test_a_column_that_is_always_missing_does_no_harm(estimator: Estimator) -> None:
    data, model = prepared(), definition()
    frame = data.training_frame.assign(score=np.nan)
    pipeline = fit(model, candidate(estimator), frame, data.training_target)
    rows = [row for one in plain(data.holdout_frame.head(3), FEATURES) for row in trouble(one)]
    assert difference(pipeline, model, estimator, rows) <= EXACT


@pytest.mark.parametrize(("task", "estimator"), CASES)
def test_graphs_are_valid_double_throughout_and_the_same_every_time(task: Task, estimator: Estimator) -> None:
    data, model = prepared(task), definition(task)
    chosen = candidate(estimator)
    graphs = [
        write_onnx(
            fit(model, chosen, data.training_frame, data.training_target),
            Signature.of(model),
            estimator=estimator,
        )
        for _ in range(2)
    ]
    assert graphs[0] == graphs[1]
    graph = onnx.load_model_from_string(graphs[0])
    onnx.checker.check_model(graph, full_check=True)
    floats = onnx.TensorProto.FLOAT
    assert all(constant.data_type != floats for constant in graph.graph.initializer)
    casts = [
        node
        for node in graph.graph.node
        for attribute in node.attribute
        if node.op_type == "Cast" and attribute.i == floats
    ]
    assert len(casts) == (estimator == "random_forest")  # which itself compares float32


def test_candidates_of_a_definition_are_all_written() -> None:
    assert {estimator for _, estimator in CASES} == set(Candidate.__annotations__["estimator"].__args__)
