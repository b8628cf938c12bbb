import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from lambdaloop.experimentation.confidence_sequences import critical_value, half_width, tuning
from lambdaloop.experimentation.contrasts import difference
from lambdaloop.experimentation.moments import moments_of_sums
from lambdaloop.experimentation.sample_size import information


@pytest.mark.parametrize("alpha", [0.01, 0.025, 0.05, 0.2])
def test_the_interval_is_the_published_one_of_a_mean(alpha: float) -> None:
    deviation, planned_units, units = 3.0, 800, np.array([10, 100, 800, 5_000])
    rho2 = tuning(alpha) / planned_units
    published = deviation * np.sqrt(
        2 * (units * rho2 + 1) / (units**2 * rho2) * np.log(np.sqrt(units * rho2 + 1) / alpha)
    )
    ours = half_width(deviation**2 / units, planned_information=planned_units / deviation**2, alpha=alpha)
    assert ours == pytest.approx(published, rel=1e-12)


@pytest.mark.parametrize("alpha", [0.001, 0.025, 0.05, 0.2])
def test_it_is_narrowest_at_the_planned_end(alpha: float) -> None:
    def width(tuned: float) -> float:
        return math.sqrt((1 + 1 / tuned) * (math.log1p(tuned) - 2 * math.log(alpha)))

    best = minimize_scalar(width, bounds=(0.1, 100), method="bounded", options={"xatol": 1e-9})
    assert tuning(alpha) == pytest.approx(best.x, rel=1e-4)
    assert critical_value(1.0, alpha=alpha) == pytest.approx(best.fun, rel=1e-9)


def test_looking_always_costs_more_than_looking_once_and_most_in_the_beginning() -> None:
    values = critical_value([0.001, 0.01, 0.1, 1.0], alpha=0.05)
    assert (np.diff(values) < 0).all()
    assert values[-1] > 1.96


def test_nothing_is_known_where_no_unit_differs_from_another() -> None:
    assert np.isnan(half_width(0.0, planned_information=100.0, alpha=0.05))


def declared_of_normal_outcomes(*, from_units: int) -> float:
    """Part of 1,000 experiments without a difference that declared one, looked at after every unit, planned for one deviation."""
    chance = np.random.default_rng(8)
    outcomes, arm = chance.standard_normal((1_000, 500)), chance.random((1_000, 500)) < 0.5
    control, other = (
        moments_of_sums(*(np.cumsum(side * each, axis=1) for each in powers), within_0_and_1=False)
        for side in (~arm, arm)
        for powers in [(np.ones_like(outcomes), outcomes, outcomes**2)]
    )
    found = difference([control], [other], np.zeros(()))
    half = half_width(found.variance, planned_information=information(1.0, alpha=0.05), alpha=0.05)
    enough = np.minimum(control.count, other.count) >= from_units
    return float((enough & (np.abs(found.value) > half)).any(axis=1).mean())


def test_a_handful_of_units_is_too_few_and_the_fewest_that_may_be_asked_for_are_enough() -> None:
    assert declared_of_normal_outcomes(from_units=2) > 0.08
    assert declared_of_normal_outcomes(from_units=20) < 0.04
