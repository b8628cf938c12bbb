import numpy as np
import pytest
from scipy.stats import ttest_ind
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

from lambdaloop.experimentation.fixed_horizon import two_proportions, welch
from tests.unit.experimentation.trials import hits, numbers


@pytest.mark.parametrize(
    ("control", "arm"), [((80, 1_000), (104, 990)), ((5, 50), (0, 60)), ((900, 1_000), (450, 500))]
)
def test_two_proportions_are_judged_as_statsmodels_judges_them(
    control: tuple[int, int], arm: tuple[int, int]
) -> None:
    found = two_proportions(hits(*control), hits(*arm), alpha=0.1)
    _, p = proportions_ztest([arm[0], control[0]], [arm[1], control[1]])
    low, high = confint_proportions_2indep(*arm, *control, method="wald", alpha=0.1)
    assert found.p_value == pytest.approx(p, rel=1e-12)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-12)


def test_two_means_are_judged_as_scipy_judges_them() -> None:
    chance = np.random.default_rng(5)
    first, second = chance.normal(10, 3, 40), chance.exponential(11, 25)
    found = welch(numbers(first), numbers(second))
    theirs = ttest_ind(second, first, equal_var=False)
    assert found.p_value == pytest.approx(theirs.pvalue, rel=1e-9)
    assert (found.low, found.high) == pytest.approx((*theirs.confidence_interval(),), rel=1e-9)


def test_with_a_covariate_the_rest_is_tested_as_scipy_tests_it() -> None:
    chance = np.random.default_rng(6)
    before = chance.normal(2, 1, 200)
    outcome = 3 * before + chance.normal(0, 1, 200)
    found = welch(numbers(outcome[:80], before[:80]), numbers(outcome[80:], before[80:]), by=2.5)
    rest = outcome - 2.5 * before
    theirs = ttest_ind(rest[80:], rest[:80], equal_var=False)
    assert found.p_value == pytest.approx(theirs.pvalue, rel=1e-9)
    assert (found.low, found.high) == pytest.approx((*theirs.confidence_interval(),), rel=1e-9)


def test_what_cannot_be_tested_is_refused() -> None:
    with pytest.raises(ValueError, match="every unit of both arms is 1"):
        two_proportions(hits(5, 5), hits(7, 7))
    with pytest.raises(ValueError, match="0 measured units: wait for 1"):
        two_proportions(hits(0, 0), hits(7, 7))
    with pytest.raises(ValueError, match="1 measured units: wait for 2"):
        welch(numbers([1.0]), numbers([1.0, 2.0]))
    with pytest.raises(ValueError, match="no unit differs"):
        welch(numbers([1.0, 1.0]), numbers([2.0, 2.0]))
