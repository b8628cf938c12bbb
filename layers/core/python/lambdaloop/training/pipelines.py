"""Builds the scikit-learn pipeline of a candidate: preprocessing by the definition's column types, then the estimator.

A fitted pipeline takes the raw data frame (columns of the definition, missing values as NaN) and predicts the index of
the class in the definition's order, or the number.

Defaults, all of which `parameters` in the definition may replace:

- logistic_regression: max_iter 1000
- random_forest: n_estimators 100, min_samples_leaf 5, max_leaf_nodes 1000 (keeps the served graph at a few megabytes)
- hist_gradient_boosting: early_stopping False (fits on every row)
- ridge: scikit-learn's own
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from lambdaloop.domain.definition import Candidate, Estimator, Feature, ModelDefinition
from lambdaloop.domain.errors import DefinitionInvalidError

_CLASSIFIERS: Mapping[Estimator, Any] = {
    "logistic_regression": LogisticRegression,
    "random_forest": RandomForestClassifier,
    "hist_gradient_boosting": HistGradientBoostingClassifier,
}
_REGRESSORS: Mapping[Estimator, Any] = {
    "ridge": Ridge,
    "random_forest": RandomForestRegressor,
    "hist_gradient_boosting": HistGradientBoostingRegressor,
}
_DEFAULTS: Mapping[Estimator, Mapping[str, Any]] = {
    "logistic_regression": {"max_iter": 1000},
    "random_forest": {"n_estimators": 100, "min_samples_leaf": 5, "max_leaf_nodes": 1000},
    "hist_gradient_boosting": {"early_stopping": False},
    "ridge": {},
}
# Set by Lambdaloop (one thread, the definition's seed) or without a meaning for preprocessed columns.
_RESERVED = frozenset(
    {
        "categorical_features",
        "copy_X",
        "interaction_cst",
        "monotonic_cst",
        "n_jobs",
        "random_state",
        "verbose",
        "warm_start",
    }
)


def build_pipeline(definition: ModelDefinition, candidate: Candidate) -> Pipeline:
    """The unfitted pipeline; DefinitionInvalidError names a hyperparameter that the estimator does not have."""
    kinds = _REGRESSORS if definition.task == "regression" else _CLASSIFIERS
    estimator = kinds[candidate.estimator]()
    own = estimator.get_params()
    known = sorted(own.keys() - _RESERVED)
    for name in candidate.parameters:
        if name not in known:
            why = "is set by Lambdaloop" if name in own else f"is no parameter of {type(estimator).__name__}"
            raise DefinitionInvalidError(
                f"candidate {candidate.name!r}: {name!r} {why}: use one of {', '.join(known)}"
            )
    fixed = {"random_state": definition.training.seed, "n_jobs": 1}
    fixed = {name: value for name, value in fixed.items() if name in own}
    if candidate.estimator == "logistic_regression":
        fixed.pop("n_jobs", None)  # deprecated there: it never had an effect on the default solver
    estimator.set_params(**_DEFAULTS[candidate.estimator], **fixed)
    estimator.set_params(**candidate.parameters)
    native_missing = candidate.estimator == "hist_gradient_boosting"
    return Pipeline(
        [("columns", _columns(definition.features, native_missing=native_missing)), ("estimator", estimator)]
    )


def fit(
    definition: ModelDefinition,
    candidate: Candidate,
    frame: pd.DataFrame,
    target: "np.ndarray[Any, Any]",
    weights: "np.ndarray[Any, Any] | None" = None,
) -> Pipeline:
    """The pipeline fitted on these rows, in one thread: the sums of several would differ from run to run.

    weights: what each row counts, to any scale. The rows were validated before, so what scikit-learn refuses is a
    hyperparameter: DefinitionInvalidError.
    """
    pipeline = build_pipeline(definition, candidate)
    # 1 on average: penalties and smallest leaves are meant for rows that count 1.
    weighing = (
        {} if weights is None else {"estimator__sample_weight": weights * (len(weights) / weights.sum())}
    )
    with threadpool_limits(limits=1):
        try:
            pipeline.fit(frame, target, **weighing)
        except ValueError as error:
            raise DefinitionInvalidError(f"candidate {candidate.name!r} cannot be fitted: {error}") from error
    return pipeline


def numeric_columns(features: Mapping[str, Feature]) -> list[str]:
    """Columns that are numbers in the frame: number, integer and boolean."""
    return [name for name, feature in features.items() if feature.type != "category"]


def category_columns(features: Mapping[str, Feature]) -> list[str]:
    """Columns that are text in the frame."""
    return [name for name, feature in features.items() if feature.type == "category"]


def _columns(features: Mapping[str, Feature], *, native_missing: bool) -> ColumnTransformer:
    """Histogram boosting takes numbers as they are, missing ones included; the others need them filled and scaled."""
    numeric, category = numeric_columns(features), category_columns(features)
    prepare = (
        "passthrough"
        if native_missing
        else Pipeline(
            [
                ("impute", SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)),
                ("scale", StandardScaler()),
            ]
        )
    )
    encode = OneHotEncoder(
        categories=[_known(features[name]) for name in category], handle_unknown="ignore", sparse_output=False
    )
    parts = [("numeric", prepare, numeric), ("category", encode, category)]
    return ColumnTransformer([part for part in parts if part[2]], sparse_threshold=0)


def _known(feature: Feature) -> "np.ndarray[Any, Any]":
    missing = [np.nan] if feature.nullable else []
    return np.array([*feature.categories, *missing], dtype=object)
