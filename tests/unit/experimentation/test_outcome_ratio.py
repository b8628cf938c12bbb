import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm
from statsmodels.stats.proportion import proportions_ztest

from lambdaloop.domain.experiment import ArmFigures
from lambdaloop.experimentation.outcome_ratio import outcome_ratio_p
from lambdaloop.experimentation.sample_ratio import ALARM


def known(measured: int, units: int) -> ArmFigures:
    return ArmFigures(units=units, measured=measured, total=0.0, squares=0.0)


@pytest.mark.parametrize("arms", [((900, 1_000), (850, 1_000)), ((3_000, 9_000), (400, 1_000))])
def test_it_is_the_likelihood_ratio_averaged_over_differences(
    arms: tuple[tuple[int, int], tuple[int, int]],
) -> None:
    """With statsmodels' statistic, and the average taken number by number."""
    control, arm = arms
    shown, _ = proportions_ztest([arm[0], control[0]], [arm[1], control[1]])
    spread = np.sqrt((control[1] + arm[1]) / 1_000)
    average = quad(lambda z: np.exp(z * abs(shown) - z * z / 2) * norm.pdf(z, scale=spread), -20, 40)[0]
    assert outcome_ratio_p([known(*control)], [known(*arm)]) == pytest.approx(min(1.0, 1 / average), rel=1e-6)


def test_it_holds_at_every_look_while_labels_come_late() -> None:
    """Each hour ten units of either arm; the label of each comes after two days on average, or never."""
    chance = np.random.default_rng(4)
    experiments, hours, units = 300, 360, 10
    wrong = 0
    for _ in range(experiments):
        sums = []
        for _ in range(2):
            made = np.repeat(np.arange(hours), units)
            told = np.ceil(made + chance.exponential(48, len(made)))
            told[chance.random(len(made)) < 0.1] = np.inf
            seen = np.bincount(told[told < hours].astype(int), minlength=hours).cumsum()
            sums.append([known(int(n), units * (hour + 1)) for hour, n in enumerate(seen)])
        found = [outcome_ratio_p([first], [second]) for first, second in zip(*sums, strict=True)]
        wrong += any(p is not None and p < ALARM for p in found)
    assert wrong <= 0.01 * experiments


def test_periods_are_compared_each_by_itself() -> None:
    """The arm is large in the young period, whose labels are still to come."""
    control, arm = [known(900, 1_000), known(10, 100)], [known(900, 1_000), known(1_000, 10_000)]
    assert outcome_ratio_p(control, arm) == 1
    together = outcome_ratio_p([known(910, 1_100)], [known(1_900, 11_000)])
    assert together is not None
    assert together < ALARM


def test_few_units_with_an_outcome_and_few_without_say_nothing() -> None:
    assert outcome_ratio_p([known(4, 1_000)], [known(0, 1_000)]) is None
    assert outcome_ratio_p([known(1_000, 1_000)], [known(996, 1_000)]) is None
    assert outcome_ratio_p([known(0, 0)], [known(50, 100)]) is None
