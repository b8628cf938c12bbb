"""Predictions out of the log as arrays."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lambdaloop.domain.captured import CapturedPrediction
from lambdaloop.domain.definition import Feature
from lambdaloop.domain.segments import MAX_SEGMENT_VALUES
from lambdaloop.domain.signature import Signature
from lambdaloop.monitoring.captured_rows import arrays_of, segment_codes
from tests.fakes.samples import MODEL, MORNING

SIGNATURE = Signature(
    model=MODEL,
    task="binary",
    features={
        "age": Feature(type="number", nullable=True),
        "visits": Feature(type="integer"),
        "active": Feature(type="boolean", nullable=True),
        "plan": Feature(type="category", categories=("a", "b"), nullable=True),
        "secret": Feature(type="number"),
    },
    classes=("no", "yes"),
)
ROW = CapturedPrediction(
    prediction_id="0" * 32,
    model=MODEL,
    version=1,
    release=1,
    variant="champion",
    entity=None,
    event_time=MORNING,
    features={"age": 41.5, "visits": 3, "active": True, "plan": "a"},
    features_dropped=False,
    prediction="no",
    probabilities={"no": 0.75, "yes": 0.25},
)


def row(**features: Any) -> CapturedPrediction:
    return replace(ROW, features={**ROW.features, **features})


def test_columns_have_the_types_that_monitoring_counts() -> None:
    found = arrays_of([ROW, row(age=None, active=None, plan=None), row(age=7, active=0, plan=" ")], SIGNATURE)
    assert not found.misfits
    assert found.places.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(found.columns["age"], [41.5, np.nan, 7.0])
    np.testing.assert_array_equal(found.columns["active"], [1.0, np.nan, 0.0])
    assert found.columns["plan"].tolist() == ["a", None, None]
    assert "secret" not in found.columns
    assert found.scores.tolist() == [[0.75, 0.25]] * 3


def test_a_row_that_lacks_a_feature_has_no_value_of_it() -> None:
    found = arrays_of([replace(ROW, features={"age": 1.0}), ROW], SIGNATURE)
    assert found.columns["plan"].tolist() == [None, "a"]
    np.testing.assert_array_equal(found.columns["visits"], [np.nan, 3.0])


@pytest.mark.parametrize(
    ("misfit", "reason"),
    [
        (row(age="41"), "feature 'age' must be a number, got '41'"),
        (row(age=True), "feature 'age' must be a number"),
        (row(visits=10**400), "feature 'visits' must be a number"),
        (row(active="yes"), "feature 'active' must be true or false"),
        (row(plan=3), "feature 'plan' must be text"),
        (replace(ROW, probabilities=None), "probabilities must be of the classes"),
        (replace(ROW, probabilities={"no": 1.0}), "probabilities must be of the classes"),
        (
            replace(ROW, probabilities={"no": 0.5, "yes": 0.5, "x": 0.0}),
            "probabilities must be of the classes",
        ),
        (replace(ROW, probabilities={"no": 0.0, "yes": 0.0}), "probabilities must add up to 1"),
    ],
    ids=range(9),
)
def test_a_misfit_goes_back_with_its_reason_and_the_others_stay(
    misfit: CapturedPrediction, reason: str
) -> None:
    found = arrays_of([ROW, misfit, ROW], SIGNATURE)
    assert list(found.misfits) == [1]
    assert found.misfits[1].startswith(reason)
    assert found.places.tolist() == [0, 2]
    assert found.columns["age"].tolist() == [41.5, 41.5]
    assert found.scores.shape == (2, 2)


def test_when_no_row_fits_there_are_no_rows() -> None:
    found = arrays_of([replace(ROW, probabilities=None)], SIGNATURE)
    assert not len(found.places)


def test_a_regression_scores_with_the_prediction_itself() -> None:
    price = replace(SIGNATURE, task="regression", classes=())
    rows = [replace(ROW, prediction=value, probabilities=None) for value in (2, "x", 3.5)]
    found = arrays_of(rows, price)
    assert found.scores.tolist() == [[2.0], [3.5]]
    assert list(found.misfits) == [1]


def test_a_feature_of_many_values_has_twenty_segments_and_two_for_the_rest() -> None:
    values = tuple(f"v{number:02d}" for number in range(30))
    column = np.array([*values, "unseen", None], dtype=object)
    found = segment_codes(column, "plan", Feature(type="category", categories=values, nullable=True))
    names = [found.names[code] for code in found.codes.tolist()]
    assert names[:MAX_SEGMENT_VALUES] == [f"plan={value}" for value in values[:MAX_SEGMENT_VALUES]]
    assert set(names[MAX_SEGMENT_VALUES:-1]) == {"plan=other"}
    assert names[-1] == "plan=missing"


def test_a_boolean_has_a_segment_for_each_truth() -> None:
    found = segment_codes(np.array([1.0, 0.0, np.nan]), "active", Feature(type="boolean", nullable=True))
    assert [found.names[code] for code in found.codes.tolist()] == [
        "active=true",
        "active=false",
        "active=missing",
    ]
