"""Profiles of rows in memory: of training rows, whose bins become the baseline's, and of served rows, in those same bins."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambdaloop.domain.baseline import Reconstruction
from lambdaloop.domain.definition import Feature
from lambdaloop.domain.profile import CategoryProfile, ColumnProfile, NumericProfile, Profile
from lambdaloop.domain.signature import Signature
from lambdaloop.monitoring.binning import (
    count_booleans,
    count_categories,
    count_codes,
    count_numbers,
    edges_around,
)
from lambdaloop.monitoring.columns import Columns, Scores
from lambdaloop.monitoring.reconstruction import can_restore, reconstruction_errors


def profile_rows(
    columns: Columns,
    scores: Scores,
    *,
    signature: Signature,
    like: Profile,
    reconstruction: Reconstruction | None,
) -> Profile:
    """Profile served rows and their scores in the bins and categories of `like`, so that both can be compared.

    Features that are not in `columns` are not in the profile, and neither are reconstruction errors without all the features
    that they need. Profiles of parts merge into the profile of the whole.
    """
    shared = [name for name in signature.features if name in columns and name in like.features]
    return Profile(
        rows=len(scores),
        features={
            name: _feature(columns[name], signature.features[name], like.features[name]) for name in shared
        },
        prediction=_prediction(scores, signature, edges=_edges(like.prediction)),
        scores={
            label: count_numbers(values, like.scores[label].edges)
            for label, values in _scores_by_label(scores, signature).items()
            if label in like.scores
        },
        reconstruction=_reconstruction(columns, like.reconstruction, reconstruction),
    )


def profile_baseline(
    columns: Columns,
    scores: Scores,
    *,
    holdout: Columns,
    signature: Signature,
    reconstruction: Reconstruction | None,
) -> Profile:
    """Profile training rows in bins of their own, and the scores and reconstruction errors of the holdout likewise.

    Scores of the holdout, for on its own training rows a model is too sure.
    """
    features = {name: _feature(values, signature.features[name], None) for name, values in columns.items()}
    return Profile(
        rows=max((column.rows for column in features.values()), default=len(scores)),
        features=features,
        prediction=_prediction(scores, signature, edges=None),
        scores={label: _numbers(values) for label, values in _scores_by_label(scores, signature).items()},
        reconstruction=_numbers(reconstruction_errors(holdout, reconstruction)) if reconstruction else None,
    )


def _feature(values: NDArray[Any], feature: Feature, like: ColumnProfile | None) -> ColumnProfile:
    if feature.type == "category":
        known = like.categories if isinstance(like, CategoryProfile) else feature.categories
        return count_categories(values, known)
    if feature.type == "boolean":
        return count_booleans(values)
    return _numbers(values, edges=_edges(like), feature=feature)


def _numbers(
    values: NDArray[np.float64], *, edges: tuple[float, ...] | None = None, feature: Feature | None = None
) -> NumericProfile:
    return count_numbers(
        values,
        edges_around(values) if edges is None else edges,
        low=feature.min if feature else None,
        high=feature.max if feature else None,
    )


def _edges(like: ColumnProfile | None) -> tuple[float, ...] | None:
    return like.edges if isinstance(like, NumericProfile) else None


def _prediction(scores: Scores, signature: Signature, *, edges: tuple[float, ...] | None) -> ColumnProfile:
    if signature.task == "regression":
        return _numbers(scores[:, 0], edges=edges)
    labels = [str(label) for label in signature.classes]
    unknown = np.isnan(scores).any(axis=1)
    return count_codes(np.where(unknown, -1, scores.argmax(axis=1)), labels)


def _scores_by_label(scores: Scores, signature: Signature) -> Mapping[str, NDArray[np.float64]]:
    """The positive class says all of a binary model."""
    first = 1 if signature.task == "binary" else 0
    return {str(label): scores[:, place] for place, label in enumerate(signature.classes) if place >= first}


def _reconstruction(
    columns: Columns, like: NumericProfile | None, reconstruction: Reconstruction | None
) -> NumericProfile | None:
    if like is None or reconstruction is None or not can_restore(columns, reconstruction):
        return None
    return count_numbers(reconstruction_errors(columns, reconstruction), like.edges)
