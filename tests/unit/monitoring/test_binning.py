import tracemalloc

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lambdaloop.domain.profile import (
    BOOLEANS,
    CategoryProfile,
    NumericProfile,
    profile_categories,
    profile_numbers,
    quantile_edges,
)
from lambdaloop.monitoring.binning import (
    count_booleans,
    count_categories,
    count_codes,
    count_numbers,
    edges_around,
)

NUMBERS = st.lists(st.floats() | st.integers(-3, 3).map(float), max_size=60)
EDGES = st.lists(st.floats(-5, 5) | st.integers(-3, 3).map(float), max_size=8, unique=True).map(sorted)
LIMIT = st.none() | st.integers(-2, 2).map(float)


def close(one: NumericProfile, other: NumericProfile) -> None:
    """Counts alike, sums to rounding."""
    assert (one.edges, one.counts, one.missing, one.min, one.max, one.out_of_range) == (
        other.edges,
        other.counts,
        other.missing,
        other.min,
        other.max,
        other.out_of_range,
    )
    size = max(1.0, abs(one.min or 0), abs(one.max or 0))
    assert one.sums == pytest.approx(other.sums, rel=1e-9, abs=1e-9 * size)
    assert one.mean == pytest.approx(other.mean, rel=1e-9, abs=1e-9 * size)
    assert one.m2 == pytest.approx(other.m2, rel=1e-9, abs=1e-9 * size * size)


@given(values=NUMBERS, edges=EDGES, low=LIMIT, high=LIMIT)
def test_arrays_are_counted_as_numbers_are_one_by_one(
    values: list[float], edges: list[float], low: float | None, high: float | None
) -> None:
    assume(low is None or high is None or low <= high)
    counted = count_numbers(np.array(values, dtype=np.float64), edges, low=low, high=high)
    close(counted, profile_numbers(values, edges, low=low, high=high))


@pytest.mark.parametrize("rows", [16_383, 16_384, 16_385, 40_000])
def test_columns_of_several_chunks_are_counted_as_a_whole(rows: int) -> None:
    random = np.random.default_rng(rows)
    values = random.standard_normal(rows) * 10 + 1000
    values[random.random(rows) < 0.1] = np.nan
    edges = edges_around(values)
    whole = count_numbers(values, edges, low=990, high=1010)
    close(whole, profile_numbers(values.tolist(), edges, low=990, high=1010))
    known = values[~np.isnan(values)]
    assert whole.mean == pytest.approx(known.mean())
    assert whole.m2 / whole.count == pytest.approx(known.var())
    assert sum(whole.sums) == pytest.approx(known.sum())
    parts = count_numbers(values[:777], edges, low=990, high=1010).merge(
        count_numbers(values[777:], edges, low=990, high=1010)
    )
    close(parts, whole)


def test_the_data_are_left_as_they_are() -> None:
    values = np.array([3.0, np.nan, 1.0, 2.0])
    count_numbers(values, [1.5])
    np.testing.assert_array_equal(values, [3.0, np.nan, 1.0, 2.0])


def test_a_column_of_a_matrix_is_counted_in_place() -> None:
    matrix = np.arange(20.0).reshape(10, 2)
    assert count_numbers(matrix[:, 1], [5.0]).counts == (3, 7)


@given(values=NUMBERS)
def test_edges_are_those_of_the_domain(values: list[float]) -> None:
    array = np.array(values, dtype=np.float64)
    assert edges_around(array) == quantile_edges(array[~np.isnan(array)].tolist())


@given(values=st.lists(st.none() | st.sampled_from(["a", "b", "c", ""]) | st.text(max_size=3), max_size=50))
def test_categories_are_counted_as_one_by_one(values: list[str | None]) -> None:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    assert count_categories(array, ["a", "b"]) == profile_categories(values, ["a", "b"])


def test_a_missing_category_may_be_nan_as_pandas_has_it() -> None:
    column = np.array(["a", float("nan"), np.nan, None], dtype=object)
    assert count_categories(column, ["a"]) == CategoryProfile(categories=("a",), counts=(1,), missing=3)


def test_categories_of_several_chunks_are_counted_as_a_whole() -> None:
    column = np.array(["a", "b", "x"], dtype=object)[np.random.default_rng(0).integers(0, 3, 40_000)]
    assert count_categories(column, ["a", "b"]) == profile_categories(column.tolist(), ["a", "b"])


def test_booleans_are_zero_one_or_missing() -> None:
    assert count_booleans(np.array([0, 1, 1, np.nan, 2])) == CategoryProfile(
        categories=BOOLEANS, counts=(1, 2), missing=1, unseen=1
    )


def test_codes_are_places_among_the_categories() -> None:
    assert count_codes(np.array([0, 2, 2, -1]), ["a", "b", "c"]) == CategoryProfile(
        categories=("a", "b", "c"), counts=(1, 0, 2), missing=1
    )
    assert count_codes(np.array([], dtype=np.int64), ["a"]).counts == (0,)


def test_counting_takes_no_second_copy_of_the_data() -> None:
    numbers = np.random.default_rng(0).standard_normal(1_000_000)
    texts = np.array(["a", "b"], dtype=object)[np.random.default_rng(0).integers(0, 2, 1_000_000)]
    edges = edges_around(numbers)
    tracemalloc.start()
    count_numbers(numbers, edges)
    count_categories(texts, ["a", "b"])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000, "the data are 16 MB"
