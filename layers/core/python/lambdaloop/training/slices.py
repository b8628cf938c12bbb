"""Parts of the holdout: how good a winner is for each, and whether groups of people are treated alike."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lambdaloop.domain.definition import Feature, ModelDefinition
from lambdaloop.domain.holdout_findings import MIN_GROUP_ROWS, Group, GroupComparison, HoldoutSlice
from lambdaloop.domain.metrics import Task
from lambdaloop.domain.outcomes import Estimate
from lambdaloop.domain.segments import MISSING, segment_values
from lambdaloop.monitoring.estimates import estimates
from lambdaloop.monitoring.intervals import Z, wilson
from lambdaloop.monitoring.observing import observe
from lambdaloop.training.scoring import Scores

_MOST_NAMED = 12
_MOST_RANGES = 4
"""Features with slices: categories and booleans, segments first; and numbers, by importance."""
_MOST_VALUES = 12
_FEWEST = 10
"""Rows of a slice that is worth a line."""
Masks = Mapping[str, NDArray[np.bool_]]


def holdout_slices(
    definition: ModelDefinition,
    frame: pd.DataFrame,
    target: NDArray[Any],
    scores: Scores,
    *,
    important: Sequence[str],
) -> tuple[HoldoutSlice, ...]:
    """The training metric on each part; `important` has features by importance."""
    watched = definition.monitoring.segments
    named = [name for name, each in definition.features.items() if each.type in ("category", "boolean")]
    named.sort(key=lambda name: name not in watched)
    numbers = [name for name in important if definition.features[name].type in ("number", "integer")]
    parts = [(name, _values(definition.features[name], frame[name])) for name in named[:_MOST_NAMED]]
    parts += [(name, _ranges(frame[name])) for name in numbers[:_MOST_RANGES]]
    found = []
    for feature, masks in parts:
        largest = sorted(masks, key=lambda value: -int(masks[value].sum()))[:_MOST_VALUES]
        for value in (each for each in masks if each in largest):
            mask = masks[value]
            if mask.sum() < _FEWEST:
                continue
            outcomes = observe(definition.task, definition.classes, target[mask], scores[mask])
            metric = estimates(outcomes, definition.task)[definition.training.metric]
            found.append(HoldoutSlice(feature=feature, value=value, rows=int(mask.sum()), metric=metric))
    return tuple(found)


def group_comparisons(
    definition: ModelDefinition, frame: pd.DataFrame, target: NDArray[Any], scores: Scores
) -> tuple[GroupComparison, ...]:
    """One for each segment of the definition's monitoring."""
    found = []
    for feature in definition.monitoring.segments:
        masks = _values(definition.features[feature], frame[feature])
        groups = tuple(
            Group(
                value=value,
                rows=int(mask.sum()),
                figures=dict(_figures(definition.task, target[mask], scores[mask])),
            )
            for value, mask in masks.items()
            if mask.any()
        )
        names = groups[0].figures if groups else ()
        found.append(
            GroupComparison(feature=feature, groups=groups, gaps={name: _gap(groups, name) for name in names})
        )
    return tuple(found)


def _figures(task: Task, target: NDArray[Any], scores: Scores) -> Iterator[tuple[str, Estimate]]:
    if task == "regression":
        errors = target - scores[:, 0]
        yield "mean_error", _mean(errors)
        yield "mae", _mean(np.abs(errors))
        return
    label = scores.argmax(axis=1)
    if task == "binary":
        yield "selection_rate", _share(label == 1)
        yield "true_positive_rate", _share(label[target == 1] == 1)
        yield "false_positive_rate", _share(label[target == 0] == 1)
    yield "accuracy", _share(label == target)


def _share(hits: NDArray[np.bool_]) -> Estimate:
    return wilson(float(hits.sum()), float(len(hits)))


def _mean(values: NDArray[np.float64]) -> Estimate:
    value = float(values.mean())
    if len(values) < 2:
        return Estimate(value=value)
    half = Z * float(values.std(ddof=1)) / len(values) ** 0.5
    return Estimate(value=value, low=value - half, high=value + half)


def _gap(groups: Sequence[Group], name: str) -> float | None:
    known = [
        value
        for group in groups
        if group.rows >= MIN_GROUP_ROWS and (value := group.figures[name].value) is not None
    ]
    return max(known) - min(known) if len(known) > 1 else None


def _values(feature: Feature, column: "pd.Series[Any]") -> Masks:
    """Rows by the part of the segment that they are in, as the watch counts them; text that is no category is `other`."""
    if feature.type == "boolean":
        values = column.to_numpy(dtype=np.float64)
        masks = {"false": values == 0, "true": values == 1, MISSING: np.isnan(values)}
    else:
        known = segment_values(feature)
        names = [MISSING if pd.isna(value) else known.get(str(value), "other") for value in column]
        texts = np.array(names, dtype=object)
        masks = {name: texts == name for name in dict.fromkeys([*known.values(), "other", MISSING])}
    return {name: mask for name, mask in masks.items() if mask.any()}


def _ranges(column: "pd.Series[Any]") -> Masks:
    """Quarters of the rows; fewer where values repeat."""
    values = column.to_numpy(dtype=np.float64)
    known = values[~np.isnan(values)]
    if not len(known):
        return {}
    walls = np.unique(np.quantile(known, [0.25, 0.5, 0.75]))
    places = np.searchsorted(walls, values, side="left")
    names = [f"≤ {walls[0]:.4g}", *(f"{a:.4g} to {b:.4g}" for a, b in pairwise(walls))]
    names.append(f"> {walls[-1]:.4g}")
    missing = np.isnan(values)
    masks = {name: (places == place) & ~missing for place, name in enumerate(names)}
    return {
        **{name: mask for name, mask in masks.items() if mask.any()},
        **({MISSING: missing} if missing.any() else {}),
    }
