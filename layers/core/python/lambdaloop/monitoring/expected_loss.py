"""Direct loss estimation (DLE): a model of the errors of a regression model, fitted on its holdout.

It sees the captured features and the prediction, which is all that is known about live traffic. See "Direct Loss
Estimation" in NannyML's documentation.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambdaloop.domain.definition import Feature
from lambdaloop.domain.errors import BaselineUnusableError
from lambdaloop.monitoring.columns import Columns

_MAX_CATEGORIES = 255  # what histogram boosting takes as a category; a longer list goes in as the place in it
_SCHEMA = 1
_PROTOCOL = 5

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedLoss:
    """Two fitted regressors and the columns that they take, the prediction last."""

    columns: tuple[str, ...]
    categories: Mapping[str, tuple[str, ...]]
    """Of the columns that hold text."""
    means: tuple[float, float]
    """Of |error| and error² on the holdout."""
    absolute: Any
    squared: Any
    """Regressors of what multiplies the mean."""


def fit_expected_loss(
    columns: Columns, predictions: Floats, actual: Floats, *, features: Mapping[str, Feature], seed: int
) -> ExpectedLoss:
    """Fit on the rows of the holdout.

    columns: those of the captured features, [rows] each; predictions, actual: [rows].
    """
    given = [name for name in features if name in columns]
    coded = {name: _coded(columns[name], features[name].categories) for name in given}
    names = tuple(name for name in given if not np.isnan(coded[name]).all())  # boosting cannot fit the others
    categories = {name: features[name].categories for name in names if features[name].categories}
    matrix = _matrix(names, categories, columns, predictions)
    errors = np.abs(actual - predictions)
    means = float(errors.mean()), float(np.square(errors).mean())
    known = [*(0 < len(categories.get(name, ())) <= _MAX_CATEGORIES for name in names), False]
    return ExpectedLoss(
        columns=names,
        categories=categories,
        means=means,
        absolute=_fit(matrix, _relative(errors, means[0]), known, seed),
        squared=_fit(matrix, _relative(np.square(errors), means[1]), known, seed),
    )


def expected_loss(model: ExpectedLoss, columns: Columns, predictions: Floats) -> Floats:
    """|error| and error² of each prediction, [rows, 2]; a column that is not captured any more counts as missing."""
    from threadpoolctl import threadpool_limits

    if not len(predictions):
        return np.zeros((0, 2))
    matrix = _matrix(model.columns, model.categories, columns, predictions)
    with threadpool_limits(limits=1):
        relative = np.column_stack([model.absolute.predict(matrix), model.squared.predict(matrix)])
    losses: Floats = relative * np.array(model.means)
    return losses


def write_expected_loss(model: ExpectedLoss) -> bytes:
    """As it is stored; the same for the same fit. Plain parts, so that code may move without breaking old versions."""
    import joblib

    content = {
        "schema": _SCHEMA,
        "columns": model.columns,
        "categories": dict(model.categories),
        "means": model.means,
        "absolute": model.absolute,
        "squared": model.squared,
    }
    stream = io.BytesIO()
    joblib.dump(content, stream, compress=0, protocol=_PROTOCOL)
    return stream.getvalue()


def read_expected_loss(content: bytes) -> ExpectedLoss:
    """The inverse, for bytes whose sha256 was checked: they are code. BaselineUnusableError when they do not load."""
    import joblib

    try:
        found = joblib.load(io.BytesIO(content))
        schema = found["schema"]
    except Exception as error:
        # A pickle of another release of scikit-learn is foreign code: it may raise anything, and must not stop the watch.
        raise BaselineUnusableError(
            f"it cannot be used with the present packages: {type(error).__name__}: {error}: train a new version"
        ) from error
    if schema != _SCHEMA:
        raise BaselineUnusableError(
            f"it has schema {schema!r}, this code reads {_SCHEMA}: train a new version"
        )
    return ExpectedLoss(
        columns=found["columns"],
        categories=found["categories"],
        means=found["means"],
        absolute=found["absolute"],
        squared=found["squared"],
    )


def _relative(losses: Floats, mean: float) -> Floats:
    return losses / mean if mean > 0 else np.ones_like(losses)


def _fit(matrix: Floats, relative: Floats, known: list[bool], seed: int) -> Any:
    """Small and shallow: a holdout is small, and its errors are mostly chance.

    Poisson's deviance keeps the mean and is never negative, and rows with large errors do not blur those with small ones.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    model = HistGradientBoostingRegressor(
        loss="poisson",
        max_iter=50,
        learning_rate=0.1,
        max_leaf_nodes=8,
        min_samples_leaf=30,
        categorical_features=known,
        early_stopping=False,
        random_state=seed,
    )
    with threadpool_limits(limits=1):
        return model.fit(matrix, relative)


def _matrix(
    names: tuple[str, ...],
    categories: Mapping[str, tuple[str, ...]],
    columns: Columns,
    predictions: Floats,
) -> Floats:
    """[rows, columns + 1]; missing, unseen and uncaptured values are NaN."""
    matrix = np.full((len(predictions), len(names) + 1), np.nan)
    for place, name in enumerate(names):
        if name in columns:
            matrix[:, place] = _coded(columns[name], categories.get(name, ()))
    matrix[:, -1] = predictions
    return matrix


def _coded(values: NDArray[Any], categories: tuple[str, ...]) -> Floats:
    """A category as its place in the list."""
    if not categories:
        return values
    codes = {text: float(code) for code, text in enumerate(categories)}
    return np.array([codes.get(value, np.nan) for value in values.tolist()])
