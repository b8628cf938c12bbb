"""The baseline: the profile of what a version was trained on, and of what it predicts on the holdout."""

import numpy as np
import pandas as pd

from lambdaloop.domain.definition import Feature
from lambdaloop.domain.profile import (
    CategoryProfile,
    ColumnProfile,
    NumericProfile,
    Profile,
    profile_categories,
    profile_numbers,
    quantile_edges,
)
from lambdaloop.domain.signature import Signature
from lambdaloop.training.scoring import Scores

_BOOLEANS = ("false", "true")


def profile_baseline(signature: Signature, frame: pd.DataFrame, scores: Scores) -> Profile:
    """Features of the training rows; predictions on the holdout, for on its own training rows a model is too sure."""
    return Profile(
        rows=len(frame),
        features={name: _column(feature, frame[name]) for name, feature in signature.features.items()},
        prediction=_prediction(signature, scores),
        scores=_scores(signature, scores),
    )


def _column(feature: Feature, values: "pd.Series[float]") -> ColumnProfile:
    missing = values.isna().to_numpy()
    plain = values.to_numpy(dtype=object).tolist()
    if feature.type in ("number", "integer"):
        return _numbers(
            [value for value, absent in zip(plain, missing, strict=True) if not absent], int(missing.sum())
        )
    if feature.type == "boolean":
        texts = [None if absent else _BOOLEANS[int(v)] for v, absent in zip(plain, missing, strict=True)]
        return profile_categories(texts, _BOOLEANS)
    texts = [None if absent else str(v) for v, absent in zip(plain, missing, strict=True)]
    return profile_categories(texts, feature.categories)


def _numbers(known: list[float], missing: int = 0) -> NumericProfile:
    return profile_numbers([*known, *[None] * missing], quantile_edges(known))


def _prediction(signature: Signature, scores: Scores) -> NumericProfile | CategoryProfile:
    if signature.task == "regression":
        return _numbers(scores[:, 0].tolist())
    labels = [str(label) for label in signature.classes]
    return profile_categories([labels[i] for i in np.argmax(scores, axis=1)], labels)


def _scores(signature: Signature, scores: Scores) -> dict[str, NumericProfile]:
    """The positive class says all of a binary model."""
    first = 1 if signature.task == "binary" else 0
    return {
        str(label): _numbers(scores[:, index].tolist())
        for index, label in enumerate(signature.classes)
        if index >= first
    }
