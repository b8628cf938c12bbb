import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import chisquare, norm

from lambdaloop.experimentation.sample_ratio import ALARM, mixture_p, sample_ratio_p


@pytest.mark.parametrize(
    ("units", "shares"),
    [([5_100, 4_900], [1, 1]), ([8_600, 1_200, 1_300], [8, 1, 1]), ([50, 70], [5_000, 5_000])],
)
def test_it_is_the_likelihood_ratio_averaged_over_mismatches(units: list[float], shares: list[float]) -> None:
    """With scipy's statistic, and the average taken number by number: each direction of a mismatch is a normal variable."""
    expected = [sum(units) * share / sum(shares) for share in shares]
    shown = np.sqrt(chisquare(units, expected).statistic)
    spread = np.sqrt(sum(units) / 1_000)  # of a mismatch, in standard errors
    along = quad(lambda z: np.exp(z * shown - z * z / 2) * norm.pdf(z, scale=spread), -20, 40)[0]
    across = quad(lambda z: np.exp(-z * z / 2) * norm.pdf(z, scale=spread), -20, 20)[0]
    average = along * across ** (len(units) - 2)
    assert sample_ratio_p(units, shares) == pytest.approx(min(1.0, 1 / average), rel=1e-6)


def test_it_holds_at_every_look() -> None:
    arrivals = np.random.default_rng(7).binomial(20, 0.5, (2_000, 720)).cumsum(axis=1).astype(float)
    units = np.stack([arrivals, 20 * np.arange(1, 721) - arrivals])
    shares = np.ones_like(units)
    with np.errstate(invalid="ignore"):
        called_invalid = (mixture_p(units, shares) < ALARM).any(axis=1)
    assert called_invalid.mean() < 2 * ALARM


def test_few_units_say_nothing() -> None:
    assert sample_ratio_p([0, 49], [1, 9]) is None
    assert sample_ratio_p([0, 0], [1, 1]) is None
    assert sample_ratio_p([0, 50], [1, 9]) is not None


def test_a_unit_in_an_arm_without_a_share_cannot_be_chance() -> None:
    assert sample_ratio_p([500, 500, 1], [1, 1, 0]) == 0
    assert sample_ratio_p([500, 500, 0], [1, 1, 0]) == 1
