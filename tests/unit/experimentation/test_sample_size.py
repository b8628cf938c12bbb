import math

import pytest
from scipy.special import ndtr
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import power_proportions_2indep

from lambdaloop.experimentation.confidence_sequences import critical_value
from lambdaloop.experimentation.sample_size import (
    Mean,
    Plan,
    Proportion,
    information,
    minimum_detectable_effect,
    power,
    sample_size,
)

FIXED = Plan(design="fixed")


@pytest.mark.parametrize(("baseline", "effect"), [(0.1, 0.02), (0.8, -0.03), (0.5, 0.2), (0.01, 0.005)])
@pytest.mark.parametrize("ratio", [0.25, 1.0, 2.0])
def test_the_power_of_two_proportions_is_that_of_statsmodels(
    baseline: float, effect: float, ratio: float
) -> None:
    plan = Plan(design="fixed", ratio=ratio, alpha=0.02)
    theirs = power_proportions_2indep(-effect, baseline + effect, 2_000, ratio=ratio, alpha=0.02)
    assert power(Proportion(baseline), effect, 2_000, plan) == pytest.approx(theirs.power, abs=2e-4)


@pytest.mark.parametrize("effect", [0.05, -0.2, 1.0])
@pytest.mark.parametrize("ratio", [0.5, 1.0, 3.0])
def test_the_power_and_the_size_of_two_means_are_those_of_statsmodels(effect: float, ratio: float) -> None:
    plan = Plan(design="fixed", ratio=ratio)
    oracle = NormalIndPower()
    size = sample_size(Mean(2.0), effect, plan)
    wanted = oracle.solve_power(abs(effect) / 2, alpha=0.05, power=0.8, ratio=ratio)
    assert size == math.ceil(wanted)
    assert power(Mean(2.0), effect, 50, plan) == pytest.approx(
        oracle.power(abs(effect) / 2, 50, 0.05, ratio=ratio), abs=1e-9
    )


def test_the_textbook_example_of_ten_against_twelve_percent() -> None:
    assert sample_size(Proportion(0.1), 0.02, FIXED) == 3_841


@pytest.mark.parametrize("outcome", [Proportion(0.3), Mean(1.5)])
@pytest.mark.parametrize(
    "plan", [FIXED, Plan(), Plan(contrasts=3, ratio=0.5), Plan(power=0.95, explained=0.3)]
)
def test_size_power_and_effect_fit_together(outcome: Proportion | Mean, plan: Plan) -> None:
    size = sample_size(outcome, 0.04, plan)
    assert power(outcome, 0.04, size, plan) >= plan.power > power(outcome, 0.04, size - 1, plan)
    assert minimum_detectable_effect(outcome, size, plan) == pytest.approx(0.04, rel=2e-3)


def test_a_sequential_design_needs_more_units_than_one_look() -> None:
    once, always = (sample_size(Mean(1.0), 0.1, Plan(design=design)) for design in ("fixed", "sequential"))
    assert 1.5 * once < always < 2 * once


def test_a_sequential_mean_needs_the_information_of_its_plan() -> None:
    units = sample_size(Mean(1.0), 0.1, Plan())
    assert units / 2 == pytest.approx(information(0.1, alpha=0.05), rel=1e-3)
    drift = 0.1 * math.sqrt(units / 2)
    assert ndtr(drift - critical_value(1.0, alpha=0.05)) == pytest.approx(0.8, abs=1e-3)


def test_a_covariate_saves_the_units_of_the_variance_that_it_explains() -> None:
    plain, adjusted = (sample_size(Mean(1.0), 0.05, Plan(explained=share)) for share in (0.0, 0.5))
    assert adjusted == pytest.approx(plain / 2, abs=1)


def test_no_effect_is_found_as_often_as_alpha_allows_and_none_by_one_unit() -> None:
    assert power(Mean(1.0), 0.0, 100, FIXED) == 0.05
    assert power(Mean(1.0), 5.0, 1, FIXED) == 0.0


def test_too_few_units_find_no_effect_at_all() -> None:
    assert minimum_detectable_effect(Proportion(0.9), 5, Plan()) == math.inf


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: Proportion(1.0), "between 0 and 1, got 1"),
        (lambda: Mean(0.0), "above 0, got 0"),
        (lambda: Plan(alpha=1.5), "alpha must lie between 0 and 1, got 1.5"),
        (lambda: Plan(power=0.05), "above alpha 0.05, got 0.05"),
        (lambda: Plan(explained=1.0), "below 1, got 1"),
        (lambda: Plan(contrasts=0), "beside the control, got 0"),
        (lambda: sample_size(Proportion(0.99), 0.02, Plan()), "cannot change by 0.02"),
        (lambda: sample_size(Mean(1.0), 1e-9, Plan()), "use a larger effect"),
    ],
)
def test_what_cannot_be_is_refused(wrong: object, says: str) -> None:
    assert callable(wrong)
    with pytest.raises(ValueError, match=says):
        wrong()
