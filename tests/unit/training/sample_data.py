"""A small data set with every kind of column and trouble, and the definition that fits it, for each task."""

import csv
import hashlib
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np

from lambdaloop.domain.candidate import ENSEMBLES, Candidate, Estimator, Member, Parameter
from lambdaloop.domain.dataset import Dataset, DatasetFile
from lambdaloop.domain.definition import Data, Feature, Label, ModelDefinition, Training
from lambdaloop.domain.metrics import Task
from lambdaloop.domain.prediction_id import new_prediction_id
from lambdaloop.training.preparation import PreparedData, prepare
from lambdaloop.training.tables import CapturedTable, RawTable, read_table

UNTIL = datetime(2026, 5, 1, tzinfo=UTC)

FEATURES = {
    "plan": Feature(type="category", categories=("basic", "plus", "pro")),
    "amount": Feature(type="number", min=0),
    "since": Feature(type="integer"),
    "region (code)": Feature(type="category", categories=("north", "south", "west"), nullable=True),
    "age": Feature(type="integer", nullable=True),
    "score": Feature(type="number", nullable=True),
    "active": Feature(type="boolean", nullable=True),
}
CLASSES: dict[Task, tuple[Label, ...]] = {
    "binary": ("no", "yes"),
    "multiclass": (2, 0, 1),
    "regression": (),
}
METRIC: dict[Task, str] = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}
_BOTH: tuple[Estimator, ...] = (
    "linear_svm",
    "kernel_svm",
    "nearest_neighbors",
    "decision_tree",
    "random_forest",
    "extra_trees",
    "gradient_boosting",
    "hist_gradient_boosting",
    "neural_network",
    "voting",
    "stacking",
)
ESTIMATORS: dict[Task, tuple[Estimator, ...]] = {
    "binary": ("logistic_regression", "naive_bayes", *_BOTH),
    "multiclass": ("logistic_regression", "naive_bayes", *_BOTH),
    "regression": ("linear_regression", "ridge", "lasso", *_BOTH),
}
USUAL: dict[Task, tuple[Estimator, ...]] = {
    "binary": ("logistic_regression", "random_forest", "hist_gradient_boosting"),
    "multiclass": ("logistic_regression", "random_forest", "hist_gradient_boosting"),
    "regression": ("ridge", "random_forest", "hist_gradient_boosting"),
}
"""What a drafted definition tries."""
SMALL: dict[Estimator, dict[str, Parameter]] = {
    "random_forest": {"n_estimators": 15},
    "extra_trees": {"n_estimators": 15},
    "gradient_boosting": {"n_estimators": 15},
    "hist_gradient_boosting": {"max_iter": 15},
    "neural_network": {"hidden_layer_sizes": (8,), "solver": "lbfgs", "tol": 0.02, "max_iter": 5000},
}
MEMBERS = (
    Member(estimator="linear_svm"),
    Member(estimator="decision_tree", parameters={"max_depth": 4}),
    Member(estimator="gradient_boosting", parameters={"n_estimators": 3}),
)


def candidate(estimator: Estimator, **parameters: Parameter) -> Candidate:
    return Candidate(
        name=estimator,
        estimator=estimator,
        parameters=SMALL.get(estimator, {}) | parameters,
        members=MEMBERS if estimator in ENSEMBLES else (),
    )


def definition(task: Task = "binary", **changes: Any) -> ModelDefinition:
    training = {
        "metric": METRIC[task],
        "candidates": tuple(candidate(estimator) for estimator in USUAL[task]),
        "folds": 3,
        "seed": 7,
    }
    fields: dict[str, Any] = {
        "name": "sample",
        "task": task,
        "target": "outcome",
        "entity": "customer",
        "classes": CLASSES[task],
        "features": FEATURES,
        "data": Data(location="sample/"),
        "training": Training(**training | changes.pop("training", {})),
    }
    return ModelDefinition(**fields | changes)


@cache
def sample_csv(task: Task = "binary", *, rows: int = 400, seed: int = 0) -> bytes:
    """Columns in another order than the definition's, one extra; every tenth value of nullable columns is blank."""
    chance = np.random.default_rng(seed)
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(["customer", "comment", *FEATURES, "outcome"])
    for number in range(rows):
        amount = float(chance.lognormal(8, 3))
        values: list[Any] = [
            str(chance.choice(["basic", "plus", "pro"])),
            repr(amount),
            1_600_000_000 + int(chance.integers(0, 100_000_000)),
            str(chance.choice(["north", "south", "west"])),
            int(chance.integers(18, 90)),
            repr(float(chance.normal())),
            str(chance.choice(["true", "false"])),
        ]
        signal = np.log(amount) / 3 + values[4] / 40 - 2 * (values[0] == "pro") + float(values[5])
        signal += float(chance.normal()) * 0.5
        values = [*values[:3], *["" if chance.random() < 0.1 else value for value in values[3:]]]
        writer.writerow(
            [f"c-{number % (rows * 3 // 4)}", 'said "hi",\nthen left', *values, outcome(task, signal)]
        )
    return stream.getvalue().encode()


def outcome(task: Task, signal: float) -> str:
    if task == "regression":
        return repr(100 * float(signal))
    if task == "binary":
        return "yes" if signal > 4 else "no"
    return str(int(np.digitize(signal, [3, 4.5])))


def table(
    content: bytes, key: str = "sample/part-1.csv", *, captured: CapturedTable | None = None
) -> RawTable:
    return replace(read_table(dataset(content, key=key), lambda _: content, wanted={}), captured=captured)


def captured_table(content: bytes, *, held_out: int, hours: float = 1.0) -> CapturedTable:
    """The rows of a sample as if they had been captured one after the other, the last one a day before `UNTIL`."""
    whole = table(content)
    columns = (*FEATURES, "outcome", "prediction_id")
    names = columns[:-1]
    count = len(whole.rows)
    times = [UNTIL - timedelta(days=1, hours=hours * (count - 1 - row)) for row in range(count)]
    fields = [whole.column(name) for name in names] + [[new_prediction_id(at) for at in times]]
    rows = [list(row) for row in zip(*fields, strict=True)]
    return CapturedTable(
        table=RawTable(
            columns=columns, rows=rows, files=(replace(whole.files[0], key="captured.csv", rows=count),)
        ),
        times=tuple(times),
        held_out=held_out,
        until=UNTIL,
    )


def dataset(content: bytes, key: str = "sample/part-1.csv") -> Dataset:
    rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
    file = DatasetFile(
        key=key,
        version_id="v1",
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        rows=len(rows) - 1,
    )
    return Dataset(model="sample", columns=tuple(rows[0]), files=(file,))


@cache
def prepared(task: Task = "binary", *, rows: int = 400) -> PreparedData:
    return prepare(table(sample_csv(task, rows=rows)), definition(task))
