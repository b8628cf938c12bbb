import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from scipy.spatial import distance

from lambdaloop.monitoring.binning import count_numbers, edges_around
from lambdaloop.monitoring.distances import (
    cramers_v,
    jensen_shannon,
    kolmogorov_smirnov,
    psi,
    wasserstein,
)

PAIRS = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=2, max_size=25).filter(
    lambda pairs: all(map(sum, zip(*pairs, strict=True)))
)
METHODS = (psi, jensen_shannon, cramers_v, kolmogorov_smirnov)


def cells(pairs: list[tuple[int, int]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    current, baseline = np.array(pairs, dtype=np.float64).T
    return current, baseline


@given(pairs=PAIRS)
def test_psi_is_the_symmetric_relative_entropy_of_scipy(pairs: list[tuple[int, int]]) -> None:
    current, baseline = cells([pair for pair in pairs if any(pair)])
    p, q = current + 0.5, baseline + 0.5
    assert psi(*cells(pairs)) == pytest.approx(stats.entropy(p, q) + stats.entropy(q, p), abs=1e-12)


@given(pairs=PAIRS)
def test_jensen_shannon_is_that_of_scipy(pairs: list[tuple[int, int]]) -> None:
    current, baseline = cells(pairs)
    oracle = distance.jensenshannon(current, baseline, base=2)
    # The square root makes 1e-8 of a rounding error of 1e-16.
    assert jensen_shannon(current, baseline) == pytest.approx(0.0 if np.isnan(oracle) else oracle, abs=1e-7)


@given(pairs=PAIRS)
def test_cramers_v_is_that_of_scipy_at_equal_sizes(pairs: list[tuple[int, int]]) -> None:
    current, baseline = cells([pair for pair in pairs if any(pair)])
    assume(len(current) > 1)
    table = np.stack([current / current.sum(), baseline / baseline.sum()]) * 1000
    chi_square = stats.chi2_contingency(table, correction=False).statistic
    assert cramers_v(*cells(pairs)) == pytest.approx(math.sqrt(chi_square / 2000), abs=1e-9)


@given(pairs=PAIRS)
def test_kolmogorov_smirnov_is_that_of_scipy_on_ordered_cells(pairs: list[tuple[int, int]]) -> None:
    current, baseline = cells(pairs)
    places = np.arange(len(pairs))
    rows = (np.repeat(places, each.astype(int)) for each in (current, baseline))
    oracle = stats.ks_2samp(*rows, method="asymp").statistic
    assert kolmogorov_smirnov(current, baseline) == pytest.approx(oracle, abs=1e-12)


def test_cells_that_are_empty_on_both_sides_change_nothing() -> None:
    used, padded = cells([(3, 5), (7, 1)]), cells([(0, 0), (3, 5), (0, 0), (7, 1)])
    for method in METHODS:
        assert method(*padded) == method(*used)


@given(pairs=PAIRS, factor=st.integers(2, 50))
def test_distances_do_not_grow_with_the_number_of_rows(pairs: list[tuple[int, int]], factor: int) -> None:
    current, baseline = cells(pairs)
    for method in (jensen_shannon, cramers_v, kolmogorov_smirnov):
        assert method(current * factor, baseline) == pytest.approx(method(current, baseline), abs=1e-7)


@given(pairs=PAIRS)
def test_distances_are_symmetric_finite_and_zero_for_equal_shares(pairs: list[tuple[int, int]]) -> None:
    current, baseline = cells(pairs)
    for method in METHODS:
        assert math.isfinite(method(current, baseline))
        assert method(current, baseline) == pytest.approx(method(baseline, current), abs=1e-12)
        assert method(current, current) == pytest.approx(0, abs=1e-9)
        assert method(current, baseline) >= -1e-12


def test_half_a_standard_deviation_is_a_psi_of_a_quarter() -> None:
    """The symmetric relative entropy of two normal distributions is the square of the shift; bins hide a little of it."""
    edges = stats.norm.ppf(np.arange(1, 20) / 20)
    baseline = np.diff(stats.norm.cdf(edges), prepend=0, append=1) * 1e6
    current = np.diff(stats.norm.cdf(edges - 0.5), prepend=0, append=1) * 1e6
    assert psi(current, baseline) == pytest.approx(0.25, abs=0.01)


def samples(seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    random = np.random.default_rng(seed)

    def draw(rows: int) -> NDArray[np.float64]:
        return [random.standard_normal(rows), random.standard_exponential(rows), random.random(rows)][
            seed % 3
        ]

    reference = draw(3000)
    return draw(800) * random.uniform(0.5, 2) + random.normal(0, 1), reference


@pytest.mark.parametrize("seed", range(30))
def test_wasserstein_is_close_to_that_of_scipy_on_the_rows_and_never_greater(seed: int) -> None:
    current, baseline = samples(seed)
    edges = edges_around(baseline)
    ours = wasserstein(count_numbers(current, edges), count_numbers(baseline, edges))
    oracle = stats.wasserstein_distance(current, baseline) / baseline.std()
    assert ours <= oracle + 1e-12
    assert ours == pytest.approx(oracle, rel=0.03, abs=0.01)


@pytest.mark.parametrize("shift", [0.001, 0.1, 3.0, -50.0])
def test_the_wasserstein_distance_of_a_shift_is_exact(shift: float) -> None:
    baseline = np.random.default_rng(1).standard_exponential(5000)
    edges = edges_around(baseline)
    ours = wasserstein(count_numbers(baseline + shift, edges), count_numbers(baseline, edges))
    assert ours == pytest.approx(abs(shift) / baseline.std())
    assert ours == pytest.approx(stats.wasserstein_distance(baseline + shift, baseline) / baseline.std())


@given(
    current=st.lists(st.integers(0, 9), min_size=1, max_size=40),
    baseline=st.lists(st.integers(0, 9), min_size=1, max_size=40),
)
def test_wasserstein_is_exact_where_every_value_has_its_bin(current: list[int], baseline: list[int]) -> None:
    now, before = (np.array(values, dtype=np.float64) for values in (current, baseline))
    edges = edges_around(np.arange(10.0))
    ours = wasserstein(count_numbers(now, edges), count_numbers(before, edges))
    values, weights = np.arange(10.0), [np.bincount(v, minlength=10) for v in (current, baseline)]
    oracle = stats.wasserstein_distance(values, values, *weights)
    scale = before.std() or np.concatenate([now, before]).std()
    assert ours == pytest.approx(oracle / scale if scale else 0.0, abs=1e-9)


def test_constants_that_differ_are_far_from_each_other() -> None:
    before = count_numbers(np.full(1000, 3.0), (3.0,))
    assert wasserstein(count_numbers(np.full(10, 3.0), (3.0,)), before) == 0
    assert wasserstein(count_numbers(np.full(10, 3.5), (3.0,)), before) > 2


def test_there_is_no_wasserstein_distance_between_no_values() -> None:
    nothing, something = count_numbers(np.array([np.nan]), (1.0,)), count_numbers(np.array([1.0]), (1.0,))
    with pytest.raises(ValueError, match="no values"):
        wasserstein(nothing, something)
