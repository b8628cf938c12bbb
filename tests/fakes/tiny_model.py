"""Bundles small enough to be written by hand: scores are known by arithmetic, no training is needed."""

from collections.abc import Mapping, Sequence

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from lambdaloop.domain.bundle import Bundle, pack_bundle
from lambdaloop.domain.definition import (
    Candidate,
    Data,
    Feature,
    Label,
    ModelDefinition,
    Serving,
    Training,
)
from lambdaloop.domain.golden import GoldenOutput, GoldenRows
from lambdaloop.domain.signature import Signature

FEATURES: Mapping[str, Feature] = {
    "age": Feature(type="number", nullable=True),
    "visits": Feature(type="integer", min=0, max=1000, unexpected="reject"),
    "active": Feature(type="boolean"),
    "plan": Feature(type="category", categories=("basic", "plus"), nullable=True),
}
DEFINITION = ModelDefinition(
    name="churn",
    task="binary",
    target="churned",
    features=FEATURES,
    entity="customer",
    classes=("no", "yes"),
    data=Data(location="churn/"),
    training=Training(metric="roc_auc", candidates=(Candidate(name="forest", estimator="random_forest"),)),
    serving=Serving(capture=("age",)),
)
"""What the classifier would have been trained by."""
WEIGHTS = (0.05, -0.1, 1.0, 0.5)
"""Per feature; a missing number weighs nothing, a category weighs its index."""

ROW = {"age": 40.0, "visits": 3, "active": True, "plan": "plus"}
BACKGROUND = (
    {"age": 20.0, "visits": 0, "active": False, "plan": "basic"},
    {"age": None, "visits": 10, "active": True, "plan": None},
    {"age": 60.0, "visits": 3, "active": False, "plan": "plus"},
)
"""The golden rows, which explanations hold others against; their outputs are no model's."""
ROW_SCORE = 0.05 * 40 - 0.1 * 3 + 1 + 0.5


def classifier(
    model: str = "churn",
    classes: Sequence[Label] = ("no", "yes"),
    *,
    weights: Sequence[float] = WEIGHTS,
    features: Mapping[str, Feature] = FEATURES,
) -> bytes:
    """A bundle whose second class has the probability sigmoid(row · weights)."""
    signature = Signature(
        model=model, task="binary", features=features, classes=tuple(classes), entity="customer"
    )
    return _pack(signature, _graph(classes=2, weights=weights))


def regressor(model: str = "price") -> bytes:
    """A bundle whose value is row · WEIGHTS."""
    return _pack(
        Signature(model=model, task="regression", features=FEATURES), _graph(classes=0, weights=WEIGHTS)
    )


def _pack(signature: Signature, graph: bytes) -> bytes:
    rows = BACKGROUND if signature.features is FEATURES else ()
    golden = GoldenRows(rows=rows, outputs=(GoldenOutput(value=0.0),) * len(rows)).to_json()
    return pack_bundle(Bundle(signature=signature, model=graph, golden_json=golden))


def _graph(*, classes: int, weights: Sequence[float]) -> bytes:
    nodes = [
        helper.make_node("IsNaN", ["rows"], ["missing"]),
        helper.make_node("Where", ["missing", "zero", "rows"], ["filled"]),
        helper.make_node("MatMul", ["filled", "weights"], ["sum" if classes else "scores"]),
    ]
    if classes:
        nodes += [
            helper.make_node("Sigmoid", ["sum"], ["second"]),
            helper.make_node("Sub", ["one", "second"], ["first"]),
            helper.make_node("Concat", ["first", "second"], ["scores"], axis=1),
        ]
    constants = {"zero": 0.0, "one": 1.0, "weights": np.array(weights).reshape(-1, 1)}
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("rows", TensorProto.DOUBLE, ["N", len(weights)])],
        [helper.make_tensor_value_info("scores", TensorProto.DOUBLE, ["N", classes or 1])],
        initializer=[
            numpy_helper.from_array(np.asarray(value, dtype=np.float64), name)
            for name, value in constants.items()
            if classes or name != "one"
        ],
    )
    model = helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 21)])
    content: bytes = model.SerializeToString()
    return content
