"""The models that benchmarks serve: trained here, by the project's own code, on made-up rows of a usual width.

20 numbers and 10 categories, 10,000 rows, two classes. Each comes both as the bundle that Lambdaloop serves and as the
scikit-learn pipeline on raw data frames that the baseline serves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd

from lambdaloop.domain.bundle import Bundle, pack_bundle
from lambdaloop.domain.definition import Candidate, Data, Feature, ModelDefinition, Training
from lambdaloop.domain.signature import Signature
from lambdaloop.training.golden_rows import golden_rows
from lambdaloop.training.onnx_graph import write_onnx
from lambdaloop.training.pipelines import fit

ROWS = 10_000
NUMBERS = 20
CATEGORIES = 10
LEVELS = tuple("abcdefgh")
ESTIMATORS: Mapping[str, Candidate] = {
    "logistic regression": Candidate(name="lr", estimator="logistic_regression"),
    "random forest, 100 trees": Candidate(name="rf", estimator="random_forest"),
    "histogram boosting": Candidate(name="hgb", estimator="hist_gradient_boosting"),
}
FOREST = "random forest, 100 trees"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedModel:
    """One fitted model as files for both sides."""

    label: str
    definition: ModelDefinition
    bundle: Path
    pipeline: Path
    """joblib file of the pipeline that predicts from a raw DataFrame."""
    row: dict[str, Any]
    """A row to predict."""


def train_models(folder: Path) -> list[TrainedModel]:
    """Fit every estimator once and write its files into the folder."""
    frame, target = _made_up_rows()
    row = {
        str(name): getattr(value, "item", lambda value=value: value)()
        for name, value in frame.iloc[0].items()
    }
    models: list[TrainedModel] = []
    for label, candidate in ESTIMATORS.items():
        definition = _definition(candidate)
        pipeline = fit(definition, candidate, frame, target)
        signature = Signature.of(definition)
        bundle = Bundle(
            signature=signature,
            model=write_onnx(pipeline, signature, estimator=candidate.estimator),
            golden_json=golden_rows(pipeline, signature, frame).to_json(),
        )
        files = folder / f"{candidate.name}.zip", folder / f"{candidate.name}.joblib"
        files[0].write_bytes(pack_bundle(bundle))
        joblib.dump(pipeline, files[1])
        models.append(
            TrainedModel(label=label, definition=definition, bundle=files[0], pipeline=files[1], row=row)
        )
    return models


def _definition(candidate: Candidate) -> ModelDefinition:
    numbers = {f"n{i}": Feature(type="number", nullable=True) for i in range(NUMBERS)}
    categories = {
        f"c{i}": Feature(type="category", nullable=True, categories=LEVELS) for i in range(CATEGORIES)
    }
    return ModelDefinition(
        name="bench",
        task="binary",
        target="y",
        features=numbers | categories,
        data=Data(location="bench/"),
        training=Training(metric="roc_auc", candidates=(candidate,)),
        classes=("no", "yes"),
    )


def _made_up_rows() -> tuple[pd.DataFrame, "np.ndarray[Any, Any]"]:
    random = np.random.default_rng(7)
    frame = pd.DataFrame(
        {f"n{i}": random.normal(0, 10 ** (i % 4), ROWS) for i in range(NUMBERS)}
        | {f"c{i}": random.choice(LEVELS, ROWS).astype(object) for i in range(CATEGORIES)}
    )
    signal = (
        frame["n0"]
        + frame["n1"] / 10
        + 2 * (frame["c0"] == "a")
        - frame["n4"] * (frame["c1"].isin(["b", "c"]))
    )
    target = (signal + random.normal(0, 1, ROWS) > 0).astype(np.int64).to_numpy()
    return frame, target
