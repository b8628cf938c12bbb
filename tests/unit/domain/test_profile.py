import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdaloop.domain.profile import (
    MAX_BINS,
    CategoryProfile,
    NumericProfile,
    Profile,
    merge_columns,
    profile_categories,
    profile_numbers,
    quantile_edges,
)

NUMBERS = st.lists(st.none() | st.floats(-1e6, 1e6), max_size=60)
TEXTS = st.lists(st.none() | st.sampled_from(["a", "b", "c", "d"]), max_size=60)


@given(one=NUMBERS, other=NUMBERS, edges=st.lists(st.floats(-1e6, 1e6), max_size=5, unique=True).map(sorted))
def test_numeric_profiles_of_parts_add_up_to_the_profile_of_the_whole(
    one: list[float | None], other: list[float | None], edges: list[float]
) -> None:
    merged = profile_numbers(one, edges).merge(profile_numbers(other, edges))
    whole = profile_numbers(one + other, edges)
    assert (merged.counts, merged.missing, merged.min, merged.max) == (
        whole.counts,
        whole.missing,
        whole.min,
        whole.max,
    )
    assert math.isclose(merged.mean, whole.mean, rel_tol=1e-9, abs_tol=1e-6)
    assert math.isclose(merged.m2, whole.m2, rel_tol=1e-9, abs_tol=1e-3)


@given(one=TEXTS, other=TEXTS)
def test_category_profiles_of_parts_add_up_to_the_profile_of_the_whole(
    one: list[str | None], other: list[str | None]
) -> None:
    known = ["a", "b"]
    merged = profile_categories(one, known).merge(profile_categories(other, known))
    assert merged == profile_categories(one + other, known)


@given(values=st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=200))
def test_edges_make_few_bins_and_only_the_two_beyond_the_range_are_empty(values: list[float]) -> None:
    edges = quantile_edges(values)
    profile = profile_numbers(values, edges)
    assert len(profile.counts) <= MAX_BINS + 2
    assert profile.count == len(values)
    assert (profile.counts[0], profile.counts[-1]) == (0, 0)
    assert all(profile.counts[1:-1])


@given(values=st.lists(st.integers(0, 18).map(float), min_size=1, max_size=200))
def test_few_different_values_get_a_bin_each(values: list[float]) -> None:
    profile = profile_numbers(values, quantile_edges(values))
    assert profile.counts[1:-1] == tuple(values.count(value) for value in sorted(set(values)))


def test_bins_of_distinct_values_hold_equal_counts() -> None:
    values = [float(i) for i in range(1000)]
    assert set(profile_numbers(values, quantile_edges(values)).counts[1:-1]) == {50}


@given(constant=st.floats(-1e300, 1e300), step=st.floats(1e-6, 1e6))
def test_a_constant_that_becomes_another_one_falls_into_another_bin(constant: float, step: float) -> None:
    edges = quantile_edges([constant] * 10)
    assert profile_numbers([constant], edges).counts == (0, 1, 0)
    assert profile_numbers([constant - step * max(1, abs(constant))], edges).counts == (1, 0, 0)
    assert profile_numbers([constant + step * max(1, abs(constant))], edges).counts == (0, 0, 1)


def test_an_empty_column_has_one_bin() -> None:
    assert quantile_edges([]) == ()
    assert profile_numbers([], ()).counts == (0,)


def test_values_beyond_the_range_of_the_definition_are_counted() -> None:
    assert profile_numbers([-1, 0, 5, 10, 11, None], [], low=0, high=10).out_of_range == 2
    assert profile_numbers([-1, 0, 5, 10, 11, None], [], high=10).out_of_range == 1


@given(values=st.lists(st.floats(allow_nan=False), min_size=1, max_size=20))
def test_any_number_can_be_profiled_merged_and_stored(values: list[float]) -> None:
    column = profile_numbers(values, quantile_edges(values))
    merged = column.merge(column)
    assert merged.counts == tuple(2 * count for count in column.counts)
    assert all(math.isfinite(value) for value in (*merged.edges, *merged.sums, merged.mean, merged.m2))
    whole = Profile(rows=len(values), features={"a": merged}, prediction=merged)
    assert Profile.from_json(whole.to_json()) == whole


def test_a_value_on_an_edge_belongs_to_the_bin_below() -> None:
    assert profile_numbers([1.0, 1.5, 2.0, 2.5], [1.0, 2.0]).counts == (1, 2, 1)


def test_missing_and_unseen_values_are_counted_apart() -> None:
    profile = profile_categories(["a", None, "x", "y", "a"], ["a", "b"])
    assert profile == CategoryProfile(categories=("a", "b"), counts=(2, 0), missing=1, unseen=2)
    assert profile_numbers([None, math.nan, 1.0], []).missing == 2


def test_profiles_counted_otherwise_refuse_to_merge() -> None:
    with pytest.raises(ValueError, match="different bin edges"):
        profile_numbers([], [1.0]).merge(profile_numbers([], [2.0]))
    with pytest.raises(ValueError, match="different categories"):
        profile_categories([], ["a"]).merge(profile_categories([], ["b"]))
    with pytest.raises(ValueError, match="NumericProfile with a CategoryProfile"):
        merge_columns(profile_numbers([], []), profile_categories([], []))


def profile(rows: int) -> Profile:
    return Profile(
        rows=rows,
        features={
            "age": profile_numbers([float(i) for i in range(rows)], [2.0]),
            "plan": profile_categories(["a"] * rows, ["a"]),
        },
        prediction=profile_categories(["yes"] * rows, ["no", "yes"]),
        scores={"yes": profile_numbers([0.5] * rows, [])},
    )


def test_a_whole_profile_merges_and_survives_json() -> None:
    merged = profile(3).merge(profile(4))
    assert merged.rows == 7
    assert isinstance(merged.features["age"], NumericProfile)
    assert merged.features["age"].counts == (6, 1)
    assert Profile.from_json(merged.to_json()) == merged
