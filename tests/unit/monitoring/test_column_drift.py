import numpy as np
import pytest
from numpy.typing import NDArray

from lambdaloop.domain.monitoring_rules import DriftMethod
from lambdaloop.domain.profile import CategoryProfile, NumericProfile, profile_categories
from lambdaloop.monitoring.binning import count_numbers, edges_around
from lambdaloop.monitoring.column_drift import DEFAULT_THRESHOLDS, measure

RANDOM = np.random.default_rng(0)
REFERENCE = RANDOM.standard_normal(10_000)
EDGES = edges_around(REFERENCE)
BASELINE = count_numbers(REFERENCE, EDGES)
ORDERED: list[DriftMethod] = ["psi", "jensen_shannon", "wasserstein", "kolmogorov_smirnov", "chi_square"]
UNORDERED: list[DriftMethod] = ["psi", "jensen_shannon", "chi_square"]


def numbers(values: NDArray[np.float64]) -> NumericProfile:
    return count_numbers(values, EDGES)


def plans(*counts: int, missing: int = 0, unseen: int = 0) -> CategoryProfile:
    return CategoryProfile(categories=("a", "b", "c"), counts=counts, missing=missing, unseen=unseen)


@pytest.mark.parametrize("method", ORDERED)
def test_half_a_standard_deviation_is_beyond_every_default_threshold_and_no_chance(
    method: DriftMethod,
) -> None:
    found = measure(numbers(RANDOM.standard_normal(2000) + 0.5), BASELINE, method=method, min_rows=200)
    assert found
    assert found.distance > 1.5 * DEFAULT_THRESHOLDS[method]
    assert found.p_value < 1e-9


@pytest.mark.parametrize("method", ORDERED)
def test_the_same_distribution_is_within_every_default_threshold(method: DriftMethod) -> None:
    found = measure(numbers(RANDOM.standard_normal(5000)), BASELINE, method=method, min_rows=200)
    assert found
    assert found.distance < DEFAULT_THRESHOLDS[method]


@pytest.mark.parametrize("method", UNORDERED)
def test_other_shares_of_categories_are_seen(method: DriftMethod) -> None:
    baseline = plans(5000, 3000, 2000)
    found = measure(plans(200, 400, 400), baseline, method=method, min_rows=200)
    assert found
    assert found.distance > DEFAULT_THRESHOLDS[method]
    assert found.p_value < 1e-9
    same = measure(plans(500, 300, 200), baseline, method=method, min_rows=200)
    assert same
    assert same.distance == pytest.approx(0, abs=1e-3)
    assert same.p_value == pytest.approx(1)


@pytest.mark.parametrize("method", UNORDERED)
@pytest.mark.parametrize("kind", ["missing", "unseen"])
def test_missing_and_unseen_categories_are_cells(method: DriftMethod, kind: str) -> None:
    other = plans(400, 250, 150, **{kind: 200})
    found = measure(other, plans(5000, 3000, 2000), method=method, min_rows=200)
    assert found
    assert found.distance > DEFAULT_THRESHOLDS[method]
    assert found.p_value < 1e-9


@pytest.mark.parametrize("method", [method for method in ORDERED if method != "wasserstein"])
def test_missing_numbers_are_a_cell(method: DriftMethod) -> None:
    values = RANDOM.standard_normal(2000)
    values[:500] = np.nan
    found = measure(numbers(values), BASELINE, method=method, min_rows=200)
    assert found
    assert found.distance > DEFAULT_THRESHOLDS[method]
    assert found.p_value < 1e-9


def test_missing_numbers_have_no_place_on_the_scale_of_wasserstein() -> None:
    values = RANDOM.standard_normal(2000)
    values[:500] = np.nan
    found = measure(numbers(values), BASELINE, method="wasserstein", min_rows=200)
    assert found
    assert found.distance < DEFAULT_THRESHOLDS["wasserstein"]
    assert measure(numbers(values[:600]), BASELINE, method="wasserstein", min_rows=200) is None


@pytest.mark.parametrize("method", ORDERED)
def test_a_placeholder_for_missing_numbers_is_seen(method: DriftMethod) -> None:
    values = RANDOM.standard_normal(2000)
    values[:400] = -999.0
    found = measure(numbers(values), BASELINE, method=method, min_rows=200)
    assert found
    assert found.distance > DEFAULT_THRESHOLDS[method]


@pytest.mark.parametrize("method", ORDERED)
def test_a_constant_that_becomes_another_one_is_seen(method: DriftMethod) -> None:
    edges = edges_around(np.full(1000, 3.0))
    baseline, other = (count_numbers(np.full(1000, value), edges) for value in (3.0, 4.0))
    found, same = (measure(column, baseline, method=method, min_rows=200) for column in (other, baseline))
    assert found
    assert found.distance > DEFAULT_THRESHOLDS[method]
    assert found.p_value < 1e-9
    assert same
    assert same.distance == pytest.approx(0, abs=1e-7)
    assert same.p_value == 1


@pytest.mark.parametrize("method", ORDERED)
def test_too_few_rows_on_either_side_are_not_measured(method: DriftMethod) -> None:
    nothing = numbers(np.zeros(0))
    assert measure(numbers(REFERENCE[:199]), BASELINE, method=method, min_rows=200) is None
    assert measure(numbers(REFERENCE[:200]), BASELINE, method=method, min_rows=200) is not None
    assert measure(BASELINE, nothing, method=method, min_rows=200) is None
    if method in UNORDERED:
        assert measure(plans(100, 99, 0), plans(10, 10, 10), method=method, min_rows=200) is None
        assert measure(plans(100, 100, 0), plans(0, 0, 0), method=method, min_rows=200) is None


@pytest.mark.parametrize("method", ["wasserstein", "kolmogorov_smirnov"])
def test_methods_that_need_an_order_refuse_categories(method: DriftMethod) -> None:
    with pytest.raises(ValueError, match=f"{method} needs an order"):
        measure(plans(300, 0, 0), plans(300, 0, 0), method=method, min_rows=200)


def test_columns_that_were_profiled_differently_are_refused() -> None:
    with pytest.raises(ValueError, match="different bins"):
        measure(count_numbers(REFERENCE, (0.0,)), BASELINE, method="psi", min_rows=200)
    with pytest.raises(ValueError, match="different categories"):
        measure(profile_categories([], ["x"]), plans(1, 1, 1), method="psi", min_rows=200)
    with pytest.raises(ValueError, match="NumericProfile with a CategoryProfile"):
        measure(BASELINE, plans(1, 1, 1), method="psi", min_rows=200)
