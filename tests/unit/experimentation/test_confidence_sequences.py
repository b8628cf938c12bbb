import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from lambdaloop.experimentation.confidence_sequences import critical_value, half_width, tuning


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
