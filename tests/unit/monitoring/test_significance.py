import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from lambdaloop.monitoring.binning import count_numbers, edges_around
from lambdaloop.monitoring.significance import chi_square_p_value, excess_p_value, ordered_p_value


def counts(values: NDArray[np.float64], edges: tuple[float, ...]) -> NDArray[np.float64]:
    return np.array(count_numbers(values, edges).counts, dtype=np.float64)


@pytest.mark.parametrize("seed", range(10))
def test_the_ordered_test_is_that_of_scipy_where_every_value_has_its_cell(seed: int) -> None:
    random = np.random.default_rng(seed)
    current, baseline = random.integers(0, 15, 4000), random.integers(0, 15 + seed % 2, 9000)
    oracle = stats.ks_2samp(current, baseline, method="asymp")
    ours = ordered_p_value(*(np.bincount(each, minlength=16).astype(float) for each in (current, baseline)))
    assert ours == pytest.approx(stats.kstwobign.sf(oracle.statistic * np.sqrt(4000 * 9000 / 13_000)))
    assert ours == pytest.approx(oracle.pvalue, rel=0.1)
    assert ours >= oracle.pvalue - 1e-12, "the limit is approached from above"


@pytest.mark.parametrize("seed", range(10))
def test_bins_make_the_ordered_test_err_on_the_side_of_chance(seed: int) -> None:
    random = np.random.default_rng(seed)
    current, baseline = random.standard_normal(500) + 0.02 * seed, random.standard_normal(5000)
    edges = edges_around(baseline)
    oracle = stats.ks_2samp(current, baseline).pvalue
    assert ordered_p_value(counts(current, edges), counts(baseline, edges)) >= oracle * 0.99


@given(
    table=st.lists(st.tuples(st.integers(40, 300), st.integers(40, 300)), min_size=2, max_size=10),
)
def test_the_chi_square_test_is_that_of_scipy(table: list[tuple[int, int]]) -> None:
    current, baseline = np.array(table, dtype=np.float64).T
    assume(min(current.sum(), baseline.sum()) / (current + baseline).sum() * (current + baseline).min() >= 5)
    oracle = stats.chi2_contingency([current, baseline], correction=False).pvalue
    assert chi_square_p_value(current, baseline) == pytest.approx(oracle, rel=1e-9)


def test_sparse_cells_are_pooled() -> None:
    current, baseline = np.array([100.0, 200, 1, 2, 0]), np.array([110.0, 180, 4, 5, 0])
    pooled = stats.chi2_contingency([[100, 200, 3], [110, 180, 9]], correction=False).pvalue
    assert chi_square_p_value(current, baseline) == pytest.approx(pooled)


def test_a_pool_that_is_still_sparse_takes_the_next_cell_in() -> None:
    current, baseline = np.array([100.0, 30, 1]), np.array([110.0, 30, 1])
    pooled = stats.chi2_contingency([[100, 31], [110, 31]], correction=False).pvalue
    assert chi_square_p_value(current, baseline) == pytest.approx(pooled)


@pytest.mark.parametrize(
    ("current", "baseline"), [([50, 0], [70, 0]), ([1, 1], [1, 2]), ([0, 3, 0], [0, 0, 4000]), ([7], [9])]
)
def test_without_two_cells_there_is_no_evidence(current: list[float], baseline: list[float]) -> None:
    assert chi_square_p_value(np.array(current, dtype=float), np.array(baseline, dtype=float)) == 1


@given(
    found=st.integers(0, 60),
    others=st.integers(0, 500),
    reference_found=st.integers(0, 60),
    reference_others=st.integers(0, 500),
)
def test_an_excess_is_tested_by_the_binomial_test_of_scipy_and_never_surer_than_fishers(
    found: int, others: int, reference_found: int, reference_others: int
) -> None:
    rows, reference_rows = found + others, reference_found + reference_others
    assume(rows and reference_rows)
    ours = excess_p_value(found, rows, reference_found, reference_rows)
    if found:
        oracle = stats.binomtest(
            found, found + reference_found, rows / (rows + reference_rows), alternative="greater"
        )
        assert ours == pytest.approx(oracle.pvalue, rel=1e-6, abs=1e-300)
    table = [[found, others], [reference_found, reference_others]]
    fisher = stats.fisher_exact(table, alternative="greater").pvalue
    if fisher < 0.05:
        assert ours >= fisher * (1 - 1e-6)


def test_under_chance_false_alarms_are_as_rare_as_promised() -> None:
    random = np.random.default_rng(7)
    edges = edges_around(random.standard_normal(5000))
    numbers, categories = [], []
    for _ in range(1000):
        now, before = random.standard_normal(300), random.standard_normal(3000)
        numbers.append(ordered_p_value(counts(now, edges), counts(before, edges)))
        shares = [0.6, 0.3, 0.07, 0.02, 0.01]
        categories.append(
            chi_square_p_value(
                *(random.multinomial(rows, shares).astype(float) for rows in (300, 3000)),
            )
        )
    for p_values in (numbers, categories):
        assert np.mean(np.array(p_values) <= 0.05) <= 0.07
        assert np.mean(np.array(p_values) <= 0.01) <= 0.02
