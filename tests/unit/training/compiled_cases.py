"""Rows on which a served runtime goes wrong first, and how far it is off on them."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from lambdaloop.domain.bundle import Bundle
from lambdaloop.domain.candidate import Candidate
from lambdaloop.domain.definition import Feature, ModelDefinition
from lambdaloop.domain.signature import Signature
from lambdaloop.serving.served_model import LoadedBundle
from lambdaloop.training.compile_model import compile_model
from lambdaloop.training.golden_rows import frame_of
from lambdaloop.training.scoring import predict_scores
from tests.unit.training.sample_data import FEATURES

Row = dict[str, Any]


def trouble(row: Row) -> list[Row]:
    """One ordinary row and what else may come."""
    changes: list[Row] = [
        {},
        *({name: size} for name in ("amount", "score") for size in (1e7, -1e7, 1.7e9, 1.7e12, 1e-9, 0.0)),
        *({name: size} for name in ("since", "age") for size in (10**7, -(10**7), 1_700_000_000, 0)),
        {"amount": 1e7, "since": 1_700_000_000, "age": 10**7, "score": 1.7e9},
        *({name: None} for name, feature in FEATURES.items() if feature.nullable),
        {name: None for name, feature in FEATURES.items() if feature.nullable},
        {"plan": "gold"},
        {"plan": "gold", "region (code)": "moon", "age": None, "amount": 1.7e9},
        {"active": True},
        {"active": False},
    ]
    return [row | change for change in changes]


def plain(frame: pd.DataFrame, features: dict[str, Feature] | Any) -> list[Row]:
    """A frame's rows as they would stand in JSON."""
    rows = []
    for record in frame.to_dict("records"):
        row: Row = {}
        for name, feature in features.items():
            value = record[name]
            kind = {"boolean": bool, "integer": int}.get(feature.type)
            row[name] = None if value != value else kind(value) if kind else value  # noqa: PLR0124
        rows.append(row)
    return rows


def served(
    pipeline: Pipeline, model: ModelDefinition, candidate: Candidate, rows: list[Row]
) -> NDArray[np.float64]:
    """Scores of the compiled form, one row at a time; they must not differ from those of a batch."""
    signature = Signature.of(model)
    content = compile_model(pipeline, signature, candidate=candidate)
    runtime = LoadedBundle(Bundle(signature=signature, model=content, golden_json=b""))
    batch, single = runtime.predict(rows), [runtime.predict([row])[0] for row in rows]
    as_rows = [
        [list(one.probabilities.values()) if one.probabilities else [one.value] for one in answers]
        for answers in (batch, single)
    ]
    assert np.abs(np.subtract(*map(np.array, as_rows))).max() < 1e-12 * max(
        1.0, float(np.abs(as_rows[0]).max())
    )
    return np.array(as_rows[1])


def difference(pipeline: Pipeline, model: ModelDefinition, candidate: Candidate, rows: list[Row]) -> float:
    """The worst one of a probability, or of a number relative to its size."""
    expected = predict_scores(pipeline, frame_of(rows, model.features), task=model.task)
    got = served(pipeline, model, candidate, rows)
    assert got.shape == expected.shape
    return float((np.abs(got - expected) / np.maximum(1, np.abs(expected))).max())
