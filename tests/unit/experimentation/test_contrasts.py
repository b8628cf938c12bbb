import numpy as np
import pytest
import statsmodels.api as sm

from lambdaloop.experimentation.contrasts import common_slope, difference, variance_of_difference
from lambdaloop.experimentation.moments import Moments, moments
from tests.unit.experimentation.trials import hits, numbers

NO_SLOPE = np.zeros(())


def unbounded(outcomes: np.ndarray, before: np.ndarray | None = None) -> Moments:
    return moments(numbers(outcomes, [] if before is None else before), within_0_and_1=False)


def test_moments_are_those_of_the_units() -> None:
    chance = np.random.default_rng(1)
    y, x = chance.normal(5, 2, 80), chance.normal(3, 1, 80)
    found = unbounded(y, x)
    assert found.mean == pytest.approx(y.mean())
    assert found.variance == pytest.approx(y.var(ddof=1))
    assert found.covariate_variance == pytest.approx(x.var(ddof=1))
    assert found.covariance == pytest.approx(np.cov(x, y)[0, 1])


def test_equal_units_have_no_variance_however_large_they_are() -> None:
    assert unbounded(np.full(999, 1e6 + 0.1)).variance == 0


def test_hits_without_a_miss_leave_room_for_one() -> None:
    found = moments(hits(100, 100), within_0_and_1=True)
    assert found.mean == 1
    assert 0.03 < found.variance < 0.06


def test_the_adjusted_difference_is_the_coefficient_of_the_regression() -> None:
    chance = np.random.default_rng(2)
    arm = chance.integers(0, 3, 3_000)
    x = chance.normal(10, 2, 3_000)
    y = 0.3 * (arm == 1) + 1.5 * x + chance.normal(0, 2, 3_000)
    arms = [unbounded(y[arm == each], x[arm == each]) for each in range(3)]
    by = common_slope([[each] for each in arms])
    found = difference([arms[0]], [arms[1]], by)
    fit = sm.OLS(y, np.column_stack([np.ones(3_000), arm == 1, arm == 2, x])).fit()
    assert by == pytest.approx(fit.params[3], rel=1e-9)
    assert found.value == pytest.approx(fit.params[1], rel=1e-9)
    assert np.sqrt(found.variance) == pytest.approx(fit.bse[1], rel=0.05)
    explained = (
        1
        - fit.bse[1] ** 2 / sm.OLS(y, np.column_stack([np.ones(3_000), arm == 1, arm == 2])).fit().bse[1] ** 2
    )
    assert found.variance_reduction == pytest.approx(explained, abs=0.03)


def test_a_covariate_that_never_varies_changes_nothing() -> None:
    y = np.arange(10.0)
    arms = [unbounded(y, np.full(10, 7.0)), unbounded(y + 1, np.full(10, 7.0))]
    by = common_slope([[each] for each in arms])
    assert by == 0
    assert difference([arms[0]], [arms[1]], by).value == pytest.approx(1.0)


def test_a_good_day_in_which_one_arm_was_large_is_not_taken_for_a_better_arm() -> None:
    def day(rate: float, control: int, arm: int) -> tuple[Moments, Moments]:
        first, second = (
            moments(hits(round(rate * units), units), within_0_and_1=True) for units in (control, arm)
        )
        return first, second

    days = [day(0.2, 500, 500), day(0.8, 100, 900)]
    found = difference([each[0] for each in days], [each[1] for each in days], NO_SLOPE)
    assert found.value == pytest.approx(0.0)
    together = (100 + 720) / 1_400 - (100 + 80) / 600
    assert together > 0.25


def test_two_periods_weigh_as_their_units_do() -> None:
    days = [(hits(10, 100), hits(20, 100)), (hits(30, 300), hits(30, 300))]
    control, arm = ([moments(day[side], within_0_and_1=True) for day in days] for side in (0, 1))
    found = difference(control, arm, NO_SLOPE)
    assert found.value == pytest.approx(0.25 * 0.1)
    parts = [
        float(variance_of_difference(a.count, a.variance, b.count, b.variance))
        for a, b in zip(control, arm, strict=True)
    ]
    assert found.variance == pytest.approx(0.25**2 * parts[0] + 0.75**2 * parts[1])


def test_a_period_without_two_units_of_each_arm_is_left_out() -> None:
    whole, alone = moments(hits(10, 100), within_0_and_1=True), moments(hits(1, 1), within_0_and_1=True)
    found = difference([whole, whole], [whole, alone], NO_SLOPE)
    assert found.value == 0
    assert np.isnan(difference([whole], [alone], NO_SLOPE).value)


def test_a_small_arm_is_not_more_certain_than_both_together() -> None:
    assert variance_of_difference(900, 4.0, 100, 0.1) > 6 * (4.0 / 900 + 0.1 / 100)
    assert variance_of_difference(900, 4.0, 100, 0.0) == pytest.approx(4 / 900 + 899 * 4 / 998 / 100)
    assert variance_of_difference(900, 1.0, 100, 9.0) == pytest.approx((899 + 99 * 9) / 998 / 900 + 9 / 100)
