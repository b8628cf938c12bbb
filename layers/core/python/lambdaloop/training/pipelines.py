"""Builds the scikit-learn pipeline of a candidate: preparation by the definition's column types, then the estimator.

A fitted pipeline takes the raw data frame (columns of the definition, missing values as NaN) and predicts the index of
the class in the definition's order, or the number.
"""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectKBest, f_classif, f_regression
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)
from sklearn.utils.validation import has_fit_parameter
from threadpoolctl import threadpool_limits

from lambdaloop.domain.candidate import Candidate, Preparation
from lambdaloop.domain.definition import Feature, ModelDefinition
from lambdaloop.domain.errors import DefinitionInvalidError
from lambdaloop.training.estimators import build_estimator

_SCALERS = {
    "standard": StandardScaler,
    "robust": RobustScaler,
    "min_max": MinMaxScaler,
    "max_abs": MaxAbsScaler,
}
_MOST_NATIVE_CATEGORIES = 255
"""What histogram boosting can count."""


def build_pipeline(definition: ModelDefinition, candidate: Candidate) -> Pipeline:
    """The unfitted pipeline; DefinitionInvalidError names a hyperparameter that the estimator does not have."""
    estimator = build_estimator(candidate, task=definition.task, seed=definition.training.seed)
    columns, native = _columns(definition.features, candidate)
    if native:
        prefix = "estimator__" if candidate.calibrate else ""
        estimator.set_params(**{f"{prefix}categorical_features": native})
    steps: list[tuple[str, Any]] = [("columns", columns)]
    if candidate.preparation.keep is not None:
        measure = f_regression if definition.task == "regression" else f_classif
        steps.append(("keep", SelectKBest(measure, k=candidate.preparation.keep)))
    return Pipeline([*steps, ("estimator", estimator)])


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
    if weights is not None and not has_fit_parameter(
        getattr(pipeline[-1], "regressor", pipeline[-1]), "sample_weight"
    ):
        raise DefinitionInvalidError(
            f"candidate {candidate.name!r}: {candidate.estimator} cannot let rows count differently: remove it, or "
            "half_life_days and original_weight from retraining"
        )
    # 1 on average: penalties and smallest leaves are meant for rows that count 1.
    weighing = (
        {} if weights is None else {"estimator__sample_weight": weights * (len(weights) / weights.sum())}
    )
    with threadpool_limits(limits=1), warnings.catch_warnings():
        # Columns that never change, or fewer than may be kept: the choice of columns copes with both.
        warnings.filterwarnings("ignore", module=r"sklearn\.feature_selection")
        try:
            pipeline.fit(frame, target, **weighing)
        except ValueError as error:
            raise DefinitionInvalidError(f"candidate {candidate.name!r} cannot be fitted: {error}") from error
    return pipeline


def numeric_columns(features: Mapping[str, Feature]) -> list[str]:
    """Columns that are numbers in the frame: number, integer and boolean."""
    return [name for name, feature in features.items() if feature.type not in ("category", "text")]


def split_categories(features: Mapping[str, Feature], candidate: Candidate) -> dict[str, list[str]]:
    """The category columns by how they become numbers: one_hot, ordinal or native."""
    found: dict[str, list[str]] = {"one_hot": [], "ordinal": [], "native": []}
    for name, feature in features.items():
        if feature.type == "category":
            way = candidate.preparation.categories
            found["ordinal" if feature.ordered and way == "one_hot" else way].append(name)
    return found


def text_columns(features: Mapping[str, Feature]) -> list[str]:
    """Columns of free text."""
    return [name for name, feature in features.items() if feature.type == "text"]


def _columns(features: Mapping[str, Feature], candidate: Candidate) -> tuple[ColumnTransformer, list[int]]:
    """Numbers first, then categories by the way they are encoded, then text; and the places of native categories.

    Histogram boosting takes numbers as they are, missing ones included; the others need them filled and scaled.
    """
    preparation = candidate.preparation
    numeric, category = numeric_columns(features), split_categories(features, candidate)
    plain = candidate.estimator == "hist_gradient_boosting"
    one_hot = OneHotEncoder(
        categories=[_known(features[name], missing=features[name].nullable) for name in category["one_hot"]],
        handle_unknown="ignore",
        sparse_output=False,
    )
    parts: list[tuple[str, Any, Any]] = [
        ("numeric", "passthrough" if plain else _numbers(preparation), numeric),
        ("category", one_hot, category["one_hot"]),
        ("ordinal", _places(features, category["ordinal"], number=-1), category["ordinal"]),
        ("native", _places(features, category["native"], number=np.nan), category["native"]),
    ]
    parts = [part for part in parts if part[2]]
    parts += [(f"text {name}", _terms(preparation), name) for name in text_columns(features)]
    for name in category["native"]:
        if len(features[name].categories) > _MOST_NATIVE_CATEGORIES:
            raise DefinitionInvalidError(
                f"candidate {candidate.name!r}: {name!r} has {len(features[name].categories)} categories, native ones may have "
                f"{_MOST_NATIVE_CATEGORIES}: group rare ones, or use categories: one_hot"
            )
    native = [
        len(numeric)
        + sum(len(features[each].categories) + features[each].nullable for each in category["one_hot"])
        + len(category["ordinal"])
        + place
        for place in range(len(category["native"]))
    ]
    return ColumnTransformer(parts, sparse_threshold=0), native


def _numbers(preparation: Preparation) -> Pipeline:
    fill = (
        {"strategy": preparation.impute}
        if preparation.impute != "zero"
        else {"strategy": "constant", "fill_value": 0.0}
    )
    steps: list[tuple[str, Any]] = [
        ("impute", SimpleImputer(**fill, add_indicator=preparation.mark_missing, keep_empty_features=True))
    ]
    if preparation.scale != "none":
        steps.append(("scale", _SCALERS[preparation.scale]()))
    if preparation.degree > 1:
        steps.append(("multiply", PolynomialFeatures(preparation.degree, include_bias=False)))
    return Pipeline(steps)


def _places(features: Mapping[str, Feature], names: list[str], *, number: float) -> OrdinalEncoder:
    """The place of a category in the definition; `number` for unseen and missing ones."""
    return OrdinalEncoder(
        categories=[_known(features[name], missing=False) for name in names],
        handle_unknown="use_encoded_value",
        unknown_value=number,
        encoded_missing_value=number,
    )


def _terms(preparation: Preparation) -> TfidfVectorizer:
    return TfidfVectorizer(
        ngram_range=(1, preparation.longest_term),
        max_features=preparation.terms,
        sublinear_tf=preparation.damp_terms,
    )


def _known(feature: Feature, *, missing: bool) -> "np.ndarray[Any, Any]":
    return np.array([*feature.categories, *([np.nan] if missing else [])], dtype=object)
