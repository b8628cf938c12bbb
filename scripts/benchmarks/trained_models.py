"""The models that benchmarks serve: fitted here, by the project's own code, on made-up rows of a usual width.

20 numbers of all magnitudes and 10 categories, 10,000 rows. Each comes as the bundle that Lambdaloop serves and as the
scikit-learn pipeline on raw data frames that the baseline serves.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from lambdaloop.domain.bundle import Bundle, pack_bundle
from lambdaloop.domain.candidate import Candidate, Estimator
from lambdaloop.domain.definition import Data, Feature, ModelDefinition, Training
from lambdaloop.domain.metrics import Task
from lambdaloop.domain.signature import Signature
from lambdaloop.training.compile_model import compile_model
from lambdaloop.training.golden_rows import golden_rows
from lambdaloop.training.pipelines import fit

_ROWS = 10_000
_NUMBERS, _CATEGORIES = 20, 10
_LEVELS = tuple("abcdefgh")
_ESTIMATORS: Mapping[Estimator, str] = {
    "logistic_regression": "logistic regression",
    "ridge": "ridge regression",
    "random_forest": "random forest, 100 trees",
    "hist_gradient_boosting": "histogram boosting",
}
_CLASSES: Mapping[Task, tuple[str, ...]] = {
    "binary": ("no", "yes"),
    "multiclass": ("low", "middle", "high"),
    "regression": (),
}
_METRIC: Mapping[Task, str] = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedModel:
    """One pipeline and what is served of it."""

    label: str
    definition: ModelDefinition
    pipeline: Pipeline
    bundle: bytes
    row: dict[str, Any]
    """A row to predict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedModel:
    """One model as files for both sides."""

    label: str
    definition: ModelDefinition
    bundle: Path
    pipeline: Path
    """joblib file of the pipeline that predicts from a raw DataFrame."""
    row: dict[str, Any]


def fit_models(
    task: Task, *, numbers: int = _NUMBERS, categories: int = _CATEGORIES
) -> Iterator[FittedModel]:
    """Every estimator that fits the task; at least four numbers and one category."""
    frame, target = _made_up_rows(task, numbers, categories)
    row = {str(name): value for name, value in frame.astype(object).iloc[0].items()}
    excluded = "logistic_regression" if task == "regression" else "ridge"
    for estimator, label in _ESTIMATORS.items():
        if estimator == excluded:
            continue
        candidate = Candidate(name=estimator, estimator=estimator)
        definition = _definition(candidate, task, numbers, categories)
        pipeline = fit(definition, candidate, frame, target)
        signature = Signature.of(definition)
        bundle = Bundle(
            signature=signature,
            model=compile_model(pipeline, signature, candidate=candidate),
            golden_json=golden_rows(pipeline, signature, frame).to_json(),
        )
        yield FittedModel(
            label=label, definition=definition, pipeline=pipeline, bundle=pack_bundle(bundle), row=row
        )


def train_binary_models(folder: Path) -> list[TrainedModel]:
    """Write the files of every binary classifier into the folder."""
    models: list[TrainedModel] = []
    for fitted in fit_models("binary"):
        name = fitted.definition.training.candidates[0].name
        bundle, pipeline = folder / f"{name}.zip", folder / f"{name}.joblib"
        bundle.write_bytes(fitted.bundle)
        joblib.dump(fitted.pipeline, pipeline)
        models.append(
            TrainedModel(
                label=fitted.label,
                definition=fitted.definition,
                bundle=bundle,
                pipeline=pipeline,
                row=fitted.row,
            )
        )
    return models


def _definition(candidate: Candidate, task: Task, numbers: int, categories: int) -> ModelDefinition:
    of_numbers = {f"n{i}": Feature(type="number", nullable=True) for i in range(numbers)}
    of_categories = {
        f"c{i}": Feature(type="category", nullable=True, categories=_LEVELS) for i in range(categories)
    }
    return ModelDefinition(
        name="bench",
        task=task,
        target="y",
        features=of_numbers | of_categories,
        data=Data(location="bench/"),
        training=Training(metric=_METRIC[task], candidates=(candidate,)),
        classes=_CLASSES[task],
    )


def _made_up_rows(task: Task, numbers: int, categories: int) -> tuple[pd.DataFrame, "np.ndarray[Any, Any]"]:
    random = np.random.default_rng(7)
    scale = [1, 10, 1e3, 1e7]
    frame = pd.DataFrame(
        {f"n{i}": random.normal(0, scale[i % 4], _ROWS) for i in range(numbers)}
        | {f"c{i}": random.choice(_LEVELS, _ROWS).astype(object) for i in range(categories)}
    )
    missing = random.random((_ROWS, numbers)) < 0.02
    frame.iloc[:, :numbers] = frame.iloc[:, :numbers].mask(missing)
    filled = frame.fillna(0)
    signal = filled["n0"] + filled["n1"] / 10 + 2 * (frame["c0"] == "a") + filled["n3"] / 1e7
    noisy = (signal + random.normal(0, 1, _ROWS)).to_numpy()
    if task == "regression":
        return frame, noisy
    return frame, np.digitize(noisy, [0.5] if task == "binary" else [0.0, 1.0])
