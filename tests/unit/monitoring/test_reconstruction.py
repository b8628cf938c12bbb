import math
import tracemalloc
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from lambdaloop.domain.definition import Feature
from lambdaloop.domain.signature import Signature
from lambdaloop.monitoring.reconstruction import can_restore, fit_reconstruction, reconstruction_errors

Table = dict[str, NDArray[Any]]


def signature(**features: Feature) -> Signature:
    return Signature(model="churn", task="binary", features=features, classes=("no", "yes"))


NUMBER = Feature(type="number", nullable=True)
PLAN = Feature(type="category", categories=("a", "b", "rare"))
SIGNATURE = signature(a=NUMBER, b=NUMBER, c=NUMBER, d=NUMBER, active=Feature(type="boolean"), plan=PLAN)


def table(rows: int, seed: int = 0) -> Table:
    """Four numbers that follow two hidden ones, a flag and a category that go with them."""
    random = np.random.default_rng(seed)
    hidden = random.standard_normal((2, rows))
    noise = random.standard_normal((4, rows)) * 0.1
    a, b, c, d = np.stack([hidden[0], 2 * hidden[0], hidden[1], -hidden[1] + hidden[0]]) + noise
    plan = np.where(hidden[0] > 0, "a", "b").astype(object)
    plan[::100] = "rare"
    return {"a": a, "b": b * 100, "c": c + 7, "d": d, "active": (hidden[1] > 0) * 1.0, "plan": plan}


def test_numbers_and_frequent_categories_are_fitted() -> None:
    fitted = fit_reconstruction(table(2000), SIGNATURE)
    assert fitted
    assert fitted.columns == ("a", "b", "c", "d", "active", "plan=a", "plan=b")
    assert len(fitted.components) < len(fitted.columns)


def test_errors_are_those_of_scikit_learn() -> None:
    columns = {name: values for name, values in table(3000).items() if name in "abcd"}
    fitted = fit_reconstruction(columns, SIGNATURE)
    assert fitted
    matrix = np.stack(list(columns.values()), axis=1)
    standard = np.clip((matrix - matrix.mean(axis=0)) / matrix.std(axis=0), -10, 10)
    oracle = PCA(n_components=len(fitted.components)).fit(standard)
    lost = standard - oracle.inverse_transform(oracle.transform(standard))
    expected = np.sqrt((lost**2).mean(axis=1))
    np.testing.assert_allclose(reconstruction_errors(columns, fitted), expected, atol=2e-6)


def test_errors_grow_when_relations_break_though_every_feature_looks_as_before() -> None:
    fitted = fit_reconstruction(table(5000), SIGNATURE)
    assert fitted
    broken = table(5000, seed=1)
    broken["b"] = np.random.default_rng(2).permutation(broken["b"])
    usual = reconstruction_errors(table(5000, seed=1), fitted)
    assert reconstruction_errors(broken, fitted).mean() > 1.5 * usual.mean()


def test_missing_absurd_and_unseen_values_give_finite_bounded_errors() -> None:
    fitted = fit_reconstruction(table(2000), SIGNATURE)
    assert fitted
    columns = table(6)
    columns["a"] = np.array([np.nan, 1e308, -1e308, np.inf, -np.inf, 0.0])
    columns["plan"] = np.array([None, "new", float("nan"), "a", "b", "rare"], dtype=object)
    errors = reconstruction_errors(columns, fitted)
    assert np.isfinite(errors).all()
    assert errors.max() <= 10


def test_parts_have_the_errors_of_the_whole() -> None:
    fitted = fit_reconstruction(table(2000), SIGNATURE)
    assert fitted
    columns = table(10_000, seed=3)
    parts = [
        {name: values[place] for name, values in columns.items()}
        for place in (slice(0, 4500), slice(4500, None))
    ]
    np.testing.assert_array_equal(
        np.concatenate([reconstruction_errors(part, fitted) for part in parts]),
        reconstruction_errors(columns, fitted),
    )


def test_training_rows_may_hold_missing_and_absurd_values() -> None:
    columns = table(500)
    columns["a"][:100] = np.nan
    columns["c"][0] = 1e308
    columns["d"][:] = np.nan
    fitted = fit_reconstruction(columns, SIGNATURE)
    assert fitted
    assert "d" not in fitted.columns
    assert all(map(math.isfinite, (*fitted.means, *fitted.scales)))


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {name: values[:49] for name, values in table(500).items()},
        {"a": np.zeros(500), "b": np.zeros(500), "c": np.arange(500.0), "d": np.arange(500.0)},
    ],
    ids=["nothing captured", "49 rows", "two columns that vary"],
)
def test_without_rows_or_relations_nothing_is_fitted(columns: Table) -> None:
    assert fit_reconstruction(columns, SIGNATURE) is None


def test_rows_without_a_fitted_feature_cannot_be_restored() -> None:
    fitted = fit_reconstruction(table(500), SIGNATURE)
    assert fitted
    columns = table(10)
    assert can_restore(columns, fitted)
    del columns["plan"]
    assert not can_restore(columns, fitted)
    with pytest.raises(KeyError, match="plan=a"):
        reconstruction_errors(columns, fitted)


def test_no_rows_have_no_errors() -> None:
    fitted = fit_reconstruction(table(500), SIGNATURE)
    assert fitted
    assert len(reconstruction_errors(table(0), fitted)) == 0


def test_size_is_bounded_by_columns_and_components() -> None:
    random = np.random.default_rng(0)
    names = [f"n{i}" for i in range(150)]
    columns: Table = {name: random.standard_normal(300) for name in names}
    fitted = fit_reconstruction(columns, signature(**dict.fromkeys(names, NUMBER)))
    assert fitted
    assert (len(fitted.columns), len(fitted.components)) == (100, 20)


def test_a_feature_named_like_a_value_of_another_is_told_apart() -> None:
    columns = table(500)
    columns["plan=a"] = columns.pop("c")
    features = {**SIGNATURE.features, "plan=a": NUMBER}
    fitted = fit_reconstruction(columns, signature(**features))
    assert fitted
    assert np.isfinite(reconstruction_errors(columns, fitted)).all()


def test_fitting_the_same_rows_again_gives_the_same() -> None:
    assert fit_reconstruction(table(500), SIGNATURE) == fit_reconstruction(table(500), SIGNATURE)


def test_rows_that_come_back_as_they_were_have_no_error_not_even_of_rounding() -> None:
    column = np.random.default_rng(0).standard_normal(500)
    columns: Table = {"a": column, "b": 3 * column, "c": 7 - column}
    fitted = fit_reconstruction(columns, SIGNATURE)
    assert fitted
    assert set(reconstruction_errors(columns, fitted).tolist()) == {0.0}


def test_errors_take_little_memory_above_the_data() -> None:
    fitted = fit_reconstruction(table(500), SIGNATURE)
    assert fitted
    columns = table(500_000)
    tracemalloc.start()
    reconstruction_errors(columns, fitted)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * 500_000 * 8 + 5_000_000, "the errors and their rounded form"
