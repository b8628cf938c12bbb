import io

import joblib
import numpy as np
import pytest
from numpy.typing import NDArray

from lambdaloop.domain.definition import Feature
from lambdaloop.domain.errors import BaselineUnusableError
from lambdaloop.monitoring.columns import Columns
from lambdaloop.monitoring.expected_loss import (
    ExpectedLoss,
    expected_loss,
    fit_expected_loss,
    read_expected_loss,
    write_expected_loss,
)

FEATURES = {
    "size": Feature(type="number", nullable=True),
    "kind": Feature(type="category", categories=("calm", "wild"), nullable=True),
    "old": Feature(type="boolean", nullable=True),
    "empty": Feature(type="number", nullable=True),
    "word": Feature(type="category", categories=("never",), nullable=True),
    "unlogged": Feature(type="number"),
}


def holdout(rows: int = 2000, seed: int = 0) -> tuple[Columns, NDArray[np.float64], NDArray[np.float64]]:
    """Errors are ten times as large for wild rows."""
    chance = np.random.default_rng(seed)
    wild = chance.random(rows) < 0.3
    kind = np.array(["wild" if each else "calm" for each in wild], dtype=object)
    kind[::50] = None
    size = chance.normal(size=rows)
    size[::40] = np.nan
    predictions = chance.normal(50, 5, rows)
    actual = predictions + chance.normal(0, 1, rows) * np.where(wild, 10, 1)
    columns = {
        "size": size,
        "kind": kind,
        "old": (chance.random(rows) < 0.5).astype(float),
        "empty": np.full(rows, np.nan),
        "word": np.full(rows, None, dtype=object),
    }
    return columns, predictions, actual


@pytest.fixture(scope="module")
def fitted() -> ExpectedLoss:
    return fit_expected_loss(*holdout(), features=FEATURES, seed=3)


def test_losses_follow_the_features(fitted: ExpectedLoss) -> None:
    columns, predictions, actual = holdout(seed=1)
    found = expected_loss(fitted, columns, predictions)
    assert found.shape == (2000, 2)
    assert (found >= 0).all()
    wild, calm = (columns["kind"] == kind for kind in ("wild", "calm"))
    errors = np.abs(actual - predictions)
    for rows in (wild, calm):
        assert found[rows, 0].mean() == pytest.approx(errors[rows].mean(), rel=0.15)
        assert found[rows, 1].mean() == pytest.approx(np.square(errors[rows]).mean(), rel=0.4)
    assert found[wild, 0].mean() > 4 * found[calm, 0].mean()


def test_only_columns_with_values_are_taken(fitted: ExpectedLoss) -> None:
    assert fitted.columns == ("size", "kind", "old")


def test_a_column_that_is_not_captured_any_more_counts_as_missing(fitted: ExpectedLoss) -> None:
    columns, predictions, _ = holdout(seed=1)
    fewer = {name: values for name, values in columns.items() if name != "kind"}
    unseen = {**columns, "kind": np.full(2000, "tame", dtype=object)}
    assert np.array_equal(
        expected_loss(fitted, fewer, predictions), expected_loss(fitted, unseen, predictions)
    )


def test_without_captured_features_the_prediction_must_do() -> None:
    _, predictions, actual = holdout()
    model = fit_expected_loss({}, predictions, actual, features=FEATURES, seed=0)
    assert expected_loss(model, {}, predictions)[:, 0].mean() == pytest.approx(
        np.abs(actual - predictions).mean(), rel=0.05
    )


def test_a_small_holdout_gives_the_mean_error() -> None:
    columns, predictions, actual = holdout(rows=20)
    model = fit_expected_loss(columns, predictions, actual, features=FEATURES, seed=0)
    errors = np.abs(actual - predictions)
    assert expected_loss(model, columns, predictions) == pytest.approx(
        np.tile([errors.mean(), np.square(errors).mean()], (20, 1))
    )


def test_a_model_without_errors_is_expected_to_make_none() -> None:
    columns, predictions, _ = holdout(rows=100)
    model = fit_expected_loss(columns, predictions, predictions, features=FEATURES, seed=0)
    assert (expected_loss(model, columns, predictions) == 0).all()


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_the_unit_of_the_target_does_not_matter(unit: float, fitted: ExpectedLoss) -> None:
    columns, predictions, actual = holdout()
    other = fit_expected_loss(columns, predictions * unit, actual * unit, features=FEATURES, seed=3)
    assert expected_loss(other, columns, predictions * unit) == pytest.approx(
        expected_loss(fitted, columns, predictions) * [unit, unit**2], rel=1e-4
    )


def test_no_rows_have_no_losses(fitted: ExpectedLoss) -> None:
    assert expected_loss(fitted, {}, np.zeros(0)).shape == (0, 2)


def test_equal_fits_have_equal_bytes_and_read_back(fitted: ExpectedLoss) -> None:
    content = write_expected_loss(fitted)
    assert write_expected_loss(fit_expected_loss(*holdout(), features=FEATURES, seed=3)) == content
    columns, predictions, _ = holdout(seed=1)
    assert np.array_equal(
        expected_loss(read_expected_loss(content), columns, predictions),
        expected_loss(fitted, columns, predictions),
    )


def test_more_categories_than_boosting_takes_are_told_apart_by_their_place() -> None:
    names = tuple(f"k{number}" for number in range(300))
    chance = np.random.default_rng(0)
    place = chance.integers(0, 300, 3000)
    columns = {"kind": np.array(names, dtype=object)[place]}
    errors = np.where(place < 150, 1.0, 9.0)
    model = fit_expected_loss(
        columns, np.zeros(3000), errors, features={"kind": Feature(type="category", categories=names)}, seed=0
    )
    found = expected_loss(model, columns, np.zeros(3000))
    assert found[place < 140, 0].mean() < 2
    assert found[place > 160, 0].mean() > 8


@pytest.mark.parametrize("content", [b"", b"no pickle", b"\x80\x05."])
def test_bytes_that_do_not_load_are_an_unusable_baseline(content: bytes) -> None:
    with pytest.raises(BaselineUnusableError, match="train a new version"):
        read_expected_loss(content)


def test_another_schema_is_an_unusable_baseline() -> None:
    stream = io.BytesIO()
    joblib.dump({"schema": 9}, stream)
    with pytest.raises(BaselineUnusableError, match="schema 9, this code reads 1"):
        read_expected_loss(stream.getvalue())
