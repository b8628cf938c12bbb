"""Bundles small enough to be written by hand: scores are known by arithmetic, no training is needed."""

from collections.abc import Mapping, Sequence

import numpy as np

from lambdaloop.domain.bundle import Bundle, pack_bundle
from lambdaloop.domain.candidate import Candidate
from lambdaloop.domain.compiled import Part, pack_part
from lambdaloop.domain.definition import Data, Feature, Label, ModelDefinition, Training
from lambdaloop.domain.golden import GoldenOutput, GoldenRows
from lambdaloop.domain.serving_rules import Serving
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
    return _pack(signature, _model(classes=2, weights=weights))


def regressor(model: str = "price") -> bytes:
    """A bundle whose value is row · WEIGHTS."""
    return _pack(
        Signature(model=model, task="regression", features=FEATURES), _model(classes=0, weights=WEIGHTS)
    )


def _pack(signature: Signature, model: bytes) -> bytes:
    rows = BACKGROUND if signature.features is FEATURES else ()
    golden = GoldenRows(rows=rows, outputs=(GoldenOutput(value=0.0),) * len(rows)).to_json()
    return pack_bundle(Bundle(signature=signature, model=model, golden_json=golden))


def _model(*, classes: int, weights: Sequence[float]) -> bytes:
    """Missing numbers count 0; a category is its code."""
    places = np.arange(len(weights), dtype=np.int32)
    fill = Part(
        kind="fill", arrays={"filling": np.zeros(len(weights)), "marked": np.zeros(0, dtype=np.int32)}
    )
    columns = Part(kind="columns", parts=(Part(kind="numbers", arrays={"places": places}, parts=(fill,)),))
    linear = Part(
        kind="linear",
        values={"link": "sigmoid" if classes else "raw"},
        arrays={"coefficients": np.array(weights).reshape(-1, 1), "intercept": np.zeros(1)},
    )
    return pack_part(
        Part(
            kind="pipeline",
            values={"features": len(weights), "scores": classes or 1},
            parts=(columns, linear),
        )
    )
