from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lambdaloop.domain.definition import Feature
from lambdaloop.domain.profile import (
    BOOLEANS,
    CategoryProfile,
    NumericProfile,
    Profile,
    profile_categories,
    profile_numbers,
)
from lambdaloop.domain.signature import Signature
from lambdaloop.monitoring.profiling import profile_baseline, profile_rows
from lambdaloop.monitoring.reconstruction import fit_reconstruction
from tests.unit.monitoring.rows import columns_of
from tests.unit.monitoring.test_binning import close

FEATURES = {
    "age": Feature(type="integer", nullable=True, min=0, max=99),
    "income": Feature(type="number", nullable=True),
    "active": Feature(type="boolean", nullable=True),
    "plan": Feature(type="category", nullable=True, categories=("a", "b")),
}
BINARY = Signature(model="churn", task="binary", features=FEATURES, classes=("no", "yes"))
ROWS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "age": st.none() | st.integers(-5, 120),
            "income": st.none() | st.floats(-1e6, 1e6),
            "active": st.none() | st.booleans(),
            "plan": st.none() | st.sampled_from(["a", "b", "new"]),
            "score": st.floats(0, 1),
        },
    ),
    max_size=30,
)


def binary_scores(rows: list[dict[str, Any]]) -> NDArray[np.float64]:
    positive = np.array([row.get("score", 0.25) for row in rows], dtype=np.float64)
    return np.stack([1 - positive, positive], axis=1)


def training_rows(rows: int = 300) -> list[dict[str, Any]]:
    random = np.random.default_rng(0)
    return [
        {
            "age": int(random.integers(18, 80)),
            "income": float(random.lognormal(3)),
            "active": bool(random.random() < 0.7),
            "plan": str(random.choice(["a", "b"])),
            "score": float(random.random()),
        }
        for _ in range(rows)
    ]


def baseline() -> Profile:
    rows = training_rows()
    columns = columns_of(rows, FEATURES)
    return profile_baseline(
        columns,
        binary_scores(rows),
        holdout=columns,
        signature=BINARY,
        reconstruction=fit_reconstruction(columns, BINARY),
    )


LIKE = baseline()
RECONSTRUCTION = fit_reconstruction(columns_of(training_rows(), FEATURES), BINARY)


def profile(rows: list[dict[str, Any]], features: dict[str, Feature] = FEATURES) -> Profile:
    return profile_rows(
        columns_of(rows, features),
        binary_scores(rows),
        signature=BINARY,
        like=LIKE,
        reconstruction=RECONSTRUCTION,
    )


def number(profile: Profile, name: str) -> NumericProfile:
    column = LIKE.features[name] if profile is LIKE else profile.features[name]
    assert isinstance(column, NumericProfile)
    return column


@given(rows=ROWS)
def test_rows_are_profiled_as_in_the_domain(rows: list[dict[str, Any]]) -> None:
    found = profile(rows)
    assert found.rows == len(rows)
    ages, incomes = ([row.get(name) for row in rows] for name in ("age", "income"))
    close(number(found, "age"), profile_numbers(ages, number(LIKE, "age").edges, low=0, high=99))
    close(number(found, "income"), profile_numbers(incomes, number(LIKE, "income").edges))
    flags = [None if (flag := row.get("active")) is None else BOOLEANS[flag] for row in rows]
    assert found.features["active"] == profile_categories(flags, BOOLEANS)
    assert found.features["plan"] == profile_categories([row.get("plan") for row in rows], ("a", "b"))
    labels = ["yes" if row.get("score", 0.25) > 0.5 else "no" for row in rows]
    assert found.prediction == profile_categories(labels, ("no", "yes"))
    scores = [row.get("score", 0.25) for row in rows]
    assert list(found.scores) == ["yes"]
    close(found.scores["yes"], profile_numbers(scores, LIKE.scores["yes"].edges))
    assert found.reconstruction
    assert found.reconstruction.count == len(rows)


@settings(max_examples=30)
@given(one=ROWS, other=ROWS)
def test_profiles_of_parts_add_up_to_the_profile_of_the_whole(
    one: list[dict[str, Any]], other: list[dict[str, Any]]
) -> None:
    merged, whole = profile(one).merge(profile(other)), profile(one + other)
    assert merged.rows == whole.rows
    assert merged.prediction == whole.prediction
    for name in ("active", "plan"):
        assert merged.features[name] == whole.features[name]
    for name in ("age", "income"):
        close(number(merged, name), number(whole, name))
    close(merged.scores["yes"], whole.scores["yes"])
    assert merged.reconstruction
    assert whole.reconstruction
    assert merged.reconstruction.counts == whole.reconstruction.counts


def test_features_that_are_not_captured_are_not_in_the_profile() -> None:
    found = profile(training_rows(5), {"age": FEATURES["age"]})
    assert list(found.features) == ["age"]
    assert found.reconstruction is None, "it needs the others, too"


def test_a_baseline_has_bins_of_its_own_rows() -> None:
    age = number(LIKE, "age")
    assert (age.counts[0], age.counts[-1], age.count) == (0, 0, 300)
    assert LIKE.rows == 300
    assert LIKE.reconstruction
    assert LIKE.reconstruction.count == 300
    assert profile(training_rows()).features == LIKE.features
    assert Profile.from_json(LIKE.to_json()) == LIKE


def test_a_baseline_of_features_that_no_one_captures_still_has_predictions() -> None:
    rows = training_rows(50)
    found = profile_baseline({}, binary_scores(rows), holdout={}, signature=BINARY, reconstruction=None)
    assert (found.rows, found.features, found.reconstruction) == (50, {}, None)
    assert found.scores["yes"].count == 50


def test_every_class_of_a_multiclass_model_has_its_scores() -> None:
    model = Signature(model="wine", task="multiclass", features={}, classes=(0, 1, 2))
    scores = np.array([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8], [np.nan, np.nan, np.nan]])
    found = profile_baseline({}, scores, holdout={}, signature=model, reconstruction=None)
    assert found.prediction == CategoryProfile(categories=("0", "1", "2"), counts=(0, 1, 1), missing=1)
    assert list(found.scores) == ["0", "1", "2"]
    again = profile_rows({}, scores, signature=model, like=found, reconstruction=None)
    assert again.scores == found.scores


@pytest.mark.parametrize("rows", [0, 1, 5])
def test_predicted_numbers_are_profiled_in_the_bins_of_the_baseline(rows: int) -> None:
    model = Signature(model="price", task="regression", features={})
    like = profile_baseline(
        {}, np.arange(100.0).reshape(-1, 1), holdout={}, signature=model, reconstruction=None
    )
    found = profile_rows(
        {}, np.arange(float(rows)).reshape(-1, 1), signature=model, like=like, reconstruction=None
    )
    assert isinstance(like.prediction, NumericProfile)
    assert isinstance(found.prediction, NumericProfile)
    assert found.prediction.edges == like.prediction.edges
    assert found.prediction.count == rows
    assert found.scores == {}
