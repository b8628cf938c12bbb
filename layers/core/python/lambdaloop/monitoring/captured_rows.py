"""Turns predictions out of the log into arrays, strictly: what does not fit the version that made them goes back with a reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambdaloop.domain.captured import CapturedPrediction, shown
from lambdaloop.domain.definition import Feature, FeatureType
from lambdaloop.domain.segments import MISSING, OTHER, segment_name, segment_values
from lambdaloop.domain.signature import Signature
from lambdaloop.monitoring.columns import Columns, Scores
from lambdaloop.monitoring.score_parts import SegmentCodes

_SUM_TOLERANCE = 1e-3
_LARGEST = 1e300

_NONE = type(None)
_KINDS: Mapping[FeatureType, frozenset[type]] = {
    "number": frozenset({float, int, _NONE}),
    "integer": frozenset({float, int, _NONE}),
    "boolean": frozenset({bool, int, _NONE}),
    "category": frozenset({str, _NONE}),
}
_WORDS = {"number": "a number", "integer": "a number", "boolean": "true or false", "category": "text"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowArrays:
    """Predictions of one version as arrays; the rows stand as in `places`."""

    places: NDArray[np.int64]
    """Which of the given predictions fit."""
    columns: Columns
    """Only features that at least one of the rows has."""
    scores: Scores
    misfits: Mapping[int, str]
    """Why the others do not fit, by their place."""


def arrays_of(rows: Sequence[CapturedPrediction], signature: Signature) -> RowArrays:
    """Columns and scores of predictions of one version."""
    given = transposed([row.features for row in rows])
    features = {name: feature for name, feature in signature.features.items() if name in given}
    misfits: dict[int, str] = {}
    for name, feature in features.items():
        _find_misfits(name, feature, given[name], misfits)
    outputs = _outputs(rows, signature, misfits)
    places = np.array([place for place in range(len(rows)) if place not in misfits], dtype=np.int64)
    if misfits:
        given = {name: [given[name][place] for place in places.tolist()] for name in features}
        outputs = [outputs[place] for place in places.tolist()]
    return RowArrays(
        places=places,
        columns={name: _column(given[name], feature) for name, feature in features.items()},
        scores=np.array(outputs, dtype=np.float64).reshape(len(places), max(1, len(signature.classes))),
        misfits=misfits,
    )


def segment_codes(column: NDArray[Any], name: str, feature: Feature) -> SegmentCodes:
    """The segment of each row by one feature."""
    values = segment_values(feature)
    parts = [*dict.fromkeys(values.values())]
    parts += [part for part in (OTHER, MISSING) if part not in parts]
    places = {part: place for place, part in enumerate(parts)}
    names = tuple(segment_name(name, part) for part in parts)
    if feature.type == "boolean":
        codes = np.where(
            np.isnan(column), places[MISSING], np.where(column == 1, places["true"], places["false"])
        )
        return SegmentCodes(names=names, codes=codes.astype(np.int16))
    by_value: dict[str | None, int] = {value: places[part] for value, part in values.items()}
    by_value[None] = places[MISSING]
    other = places[OTHER]
    return SegmentCodes(
        names=names, codes=np.array([by_value.get(value, other) for value in column.tolist()], dtype=np.int16)
    )


def transposed(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Sequence[Any]]:
    """Values by name, None where a row lacks it."""
    if len({tuple(row) for row in rows}) == 1:  # nearly always: a release writes all rows alike
        return dict(zip(rows[0], zip(*(row.values() for row in rows), strict=True), strict=True))
    names = {name for row in rows for name in row}
    return {name: [row.get(name) for row in rows] for name in names}


def _find_misfits(name: str, feature: Feature, values: Sequence[Any], misfits: dict[int, str]) -> None:
    allowed = _KINDS[feature.type]
    kinds = set(map(type, values))
    if kinds <= allowed and int not in kinds:  # nearly always, and much faster than value by value
        return
    for place, value in enumerate(values):
        if type(value) not in allowed or (type(value) is int and abs(value) > _LARGEST):
            misfits[place] = f"feature {name!r} must be {_WORDS[feature.type]}, got {shown(value)}"


def _outputs(
    rows: Sequence[CapturedPrediction], signature: Signature, misfits: dict[int, str]
) -> Sequence[Sequence[float]]:
    """A number or the probabilities of all classes for each row; nothing sensible for a misfit."""
    if signature.task == "regression":
        for place, row in enumerate(rows):
            if type(row.prediction) not in (float, int):
                misfits[place] = f"prediction must be a number, got {shown(row.prediction)}"
        return [(row.prediction,) for row in rows]  # type: ignore[misc]  # misfits are left out
    classes = [str(label) for label in signature.classes]
    found: list[Sequence[float]] = []
    for place, row in enumerate(rows):
        given = row.probabilities or {}
        output = [given[label] for label in classes if label in given]
        if len(output) < len(classes) or len(given) > len(classes):
            misfits[place] = (
                f"probabilities must be of the classes {shown(classes)}, got {shown(list(given))}"
            )
        elif abs(sum(output) - 1) > _SUM_TOLERANCE:
            misfits[place] = f"probabilities must add up to 1, got {sum(output):g}"
        found.append(output)
    return found


def _column(values: Sequence[Any], feature: Feature) -> NDArray[Any]:
    if feature.type != "category":
        return np.array(values, dtype=np.float64)  # None becomes NaN
    blank = {text for text in set(values) if type(text) is str and not text.strip()} - {*feature.categories}
    column = np.empty(len(values), dtype=object)
    column[:] = [None if text in blank else text for text in values] if blank else values
    return column
