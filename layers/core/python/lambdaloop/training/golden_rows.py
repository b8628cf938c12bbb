"""Chooses golden rows: ordinary ones, and those on which a served runtime goes wrong first."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from lambdaloop.domain.definition import Feature
from lambdaloop.domain.encoding import is_expected
from lambdaloop.domain.golden import GoldenOutput, GoldenRows
from lambdaloop.domain.signature import Signature
from lambdaloop.training.scoring import Scores, predict_scores

MAX_ROWS = 200
_ORDINARY = 70
_PER_KIND = 24
_UNSEEN = "a category that training never saw"
_TEXTS = (
    "",
    "words that training never saw, ünïcödé 𝟙 İstanbul straße",
    "the the the THE the the the the and and and",
    "a b c . , ;",
)
_MISSING = {"text": ""}
# Beside each feature's own least and greatest value: amounts, epoch seconds, milliseconds and next to nothing.
_MAGNITUDES = (1e7, -1e7, 1_700_000_000.0, 1_700_000_123_456.0, 1e-9)

Row = dict[str, Any]


def golden_rows(pipeline: Pipeline, signature: Signature, frame: pd.DataFrame) -> GoldenRows:
    """At most 200 rows made from the holdout's, with the pipeline's answers.

    A row with a value that the signature rejects is left out: it is never predicted.
    """
    rows: list[Row] = []
    for row in _candidates(signature, frame):
        if _is_accepted(row, signature.features) and row not in rows:
            rows.append(row)
    rows = rows[:MAX_ROWS]
    scores = predict_scores(pipeline, frame_of(rows, signature.features), task=signature.task)
    return GoldenRows(rows=tuple(rows), outputs=tuple(_outputs(signature, scores)))


def frame_of(rows: list[Row], features: Mapping[str, Feature]) -> pd.DataFrame:
    """Rows of plain values as the frame that a pipeline takes."""
    return pd.DataFrame(
        {
            name: pd.Series(
                [_MISSING.get(feature.type, np.nan) if row[name] is None else row[name] for row in rows],
                dtype=object if feature.type in ("category", "text") else np.float64,
            )
            for name, feature in features.items()
        }
    )


def _candidates(signature: Signature, frame: pd.DataFrame) -> Iterator[Row]:
    features = signature.features
    plain = [_plain_row(record, features) for record in frame.head(_ORDINARY).to_dict("records")]
    yield from plain
    yield from _extremes(plain, frame, features)
    text = [name for name, feature in features.items() if feature.type == "text"]
    for words in _TEXTS:
        yield from _changed(plain, [dict.fromkeys(text, words)])
    nullable = [name for name, feature in features.items() if feature.nullable]
    yield from _changed(plain, [{name: None} for name in nullable])
    yield from _changed(plain, [dict.fromkeys(nullable)])
    category = [name for name, feature in features.items() if feature.type == "category"]
    yield from _changed(plain, [{name: _UNSEEN} for name in category])
    yield from _changed(
        plain, [dict.fromkeys(category, _UNSEEN), dict.fromkeys(category, _UNSEEN) | dict.fromkeys(nullable)]
    )


def _extremes(plain: list[Row], frame: pd.DataFrame, features: Mapping[str, Feature]) -> Iterator[Row]:
    """Every feature at once, then one feature after the other."""
    numeric = [name for name, feature in features.items() if feature.type in ("number", "integer")]
    changes: list[Row] = []
    for choose in (pd.Series.min, pd.Series.max):
        known = {name: choose(frame[name]) for name in numeric}
        changes.append({n: _typed(v, features[n]) for n, v in known.items() if v == v})  # noqa: PLR0124  (NaN)
    changes += [{name: _typed(size, features[name]) for name in numeric} for size in _MAGNITUDES]
    yield from _changed(plain, changes)
    for place, size in enumerate(_MAGNITUDES[:3]):
        singles = [{name: _typed(size, features[name])} for name in numeric]
        yield from _changed(plain[place:] + plain[:place], singles)


def _changed(plain: list[Row], changes: list[Row]) -> Iterator[Row]:
    for number, change in enumerate(changes[:_PER_KIND]):
        if change:
            yield plain[number % len(plain)] | change


def _plain_row(record: Mapping[Any, Any], features: Mapping[str, Feature]) -> Row:
    return {name: _typed(record[name], feature) for name, feature in features.items()}


def _typed(value: Any, feature: Feature) -> Any:
    """As it would stand in JSON."""
    if pd.isna(value):
        return None
    if feature.type in ("category", "text"):
        return str(value)
    if feature.type == "boolean":
        return bool(value)
    return round(float(value)) if feature.type == "integer" else float(value)


def _is_accepted(row: Row, features: Mapping[str, Feature]) -> bool:
    return all(
        value is None or features[name].unexpected == "accept" or is_expected(features[name], value)
        for name, value in row.items()
    )


def _outputs(signature: Signature, scores: Scores) -> Iterator[GoldenOutput]:
    for row in scores.tolist():
        if signature.task == "regression":
            yield GoldenOutput(value=row[0])
            continue
        best, second = sorted(row, reverse=True)[:2]
        yield GoldenOutput(
            value=signature.classes[row.index(best)],
            probabilities={str(label): p for label, p in zip(signature.classes, row, strict=True)},
            margin=best - second,
        )
