"""Experiments that are judged once."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from scipy.stats import ttest_ind
from statsmodels.stats.proportion import proportions_ztest

from lambdaloop.domain.experiment import ArmFigures, Experiment, ExperimentRules, Look
from lambdaloop.experimentation.evaluation import evaluate
from lambdaloop.experimentation.fixed_horizon import two_proportions
from lambdaloop.experimentation.sample_size import Plan, Proportion, sample_size
from tests.unit.experimentation.trials import LATER, hits, numbers, trial

RULES = ExperimentRules(outcome="correct", smallest_effect=0.04, design="fixed", units_per_arm=2_000)


def look(
    control: ArmFigures,
    candidate: ArmFigures,
    rules: ExperimentRules = RULES,
    *,
    before: Iterable[Look] = (),
    hours: int = 0,
) -> Look:
    experiment = replace(trial(rules=rules), looks=tuple(before))
    return evaluate(
        experiment, {"control": control, "candidate": candidate}, at=LATER + timedelta(hours=hours)
    )


def test_nothing_is_declared_or_shown_before_the_planned_units_are_there() -> None:
    found = look(hits(1_400, 2_000), hits(1_600, 1_999))
    assert (found.verdict, found.winner, found.judged_at) == ("undecided", None, None)
    assert found.reason == (
        "candidate has 1,999 of the 2,000 units with an outcome at which every arm is judged, once"
    )
    assert found.contrasts[0].difference is None


def test_with_the_planned_units_the_test_of_two_proportions_decides() -> None:
    found = look(hits(1_600, 2_000), hits(1_660, 2_000))  # too little for a confidence sequence
    _, p = proportions_ztest([1_660, 1_600], [2_000, 2_000])
    [contrast] = found.contrasts
    assert (found.verdict, found.winner, found.judged_at) == ("better", "candidate", LATER)
    assert contrast.p_value == pytest.approx(p)
    assert f"; p = {p:.2g})" in found.reason
    assert look(hits(1_660, 2_000), hits(1_600, 2_000)).verdict == "undecided"


def test_it_is_the_planned_test_that_decides_where_its_interval_says_otherwise() -> None:
    found = look(hits(24, 40), hits(32, 40), replace(RULES, units_per_arm=40, min_units=20))
    [contrast] = found.contrasts
    assert contrast.low is not None
    assert contrast.p_value is not None
    assert contrast.low > 0
    assert contrast.p_value > 0.05
    assert found.verdict == "undecided"


def test_numbers_and_means_of_several_hits_are_judged_by_welchs_test() -> None:
    chance = np.random.default_rng(1)
    first, second = chance.exponential(2, 2_000), chance.exponential(2.2, 2_100)
    rewards = replace(RULES, outcome="reward", smallest_effect=0.5)
    [contrast] = look(numbers(first), numbers(second), rewards).contrasts
    assert contrast.p_value == pytest.approx(ttest_ind(second, first, equal_var=False).pvalue)
    first, second = chance.binomial(3, 0.8, 2_000) / 3, chance.binomial(3, 0.84, 2_000) / 3
    [contrast] = look(numbers(first), numbers(second)).contrasts
    assert contrast.p_value == pytest.approx(ttest_ind(second, first, equal_var=False).pvalue)


def test_what_was_known_before_is_taken_out_first() -> None:
    chance = np.random.default_rng(2)
    before = chance.normal(0, 3, 4_000)
    outcome = before + chance.normal(0, 1, 4_000) + 0.1 * (np.arange(4_000) >= 2_000)
    rewards = replace(RULES, outcome="reward", smallest_effect=0.5)
    plain = look(numbers(outcome[:2_000]), numbers(outcome[2_000:]), rewards)
    found = look(numbers(outcome[:2_000], before[:2_000]), numbers(outcome[2_000:], before[2_000:]), rewards)
    assert found.verdict == "better"
    assert found.contrasts[0].variance_reduction > 0.85
    assert found.contrasts[0].difference == pytest.approx(0.1, abs=0.06)
    assert plain.contrasts[0].variance_reduction == 0


def test_what_was_known_before_is_taken_out_of_hits_too() -> None:
    chance = np.random.default_rng(4)
    before = chance.random(4_000)
    outcome = (chance.random(4_000) < before).astype(float)
    control, candidate = (numbers(outcome[part], before[part]) for part in (slice(2_000), slice(2_000, None)))
    [contrast] = look(control, candidate).contrasts
    plain = two_proportions(control, candidate)
    assert contrast.low is not None
    assert contrast.high is not None
    assert contrast.high - contrast.low == pytest.approx((plain.high - plain.low) * (2 / 3) ** 0.5, rel=0.03)


def test_arms_that_differ_too_little_to_matter_are_equal_and_others_stay_undecided() -> None:
    assert look(hits(8_000, 10_000), hits(8_010, 10_000)).verdict == "equal"
    found = look(hits(1_600, 2_000), hits(1_640, 2_000))
    assert (found.verdict, found.judged_at) == ("undecided", LATER)


def test_later_looks_repeat_what_was_said_though_the_numbers_go_on() -> None:
    judged = look(hits(1_600, 2_000), hits(1_640, 2_000))
    later = look(hits(3_200, 4_000), hits(3_400, 4_000), before=[judged], hours=1)
    assert (later.verdict, later.reason, later.judged_at) == ("undecided", judged.reason, LATER)
    assert later.contrasts == judged.contrasts
    assert later.figures["candidate"].measured == 4_000
    late = look(hits(3_200, 4_000), hits(3_400, 4_000), before=[later], hours=24 * 40)
    assert late.reason == judged.reason
    again = look(hits(1_600, 2_000), hits(1_700, 2_000), before=[judged])
    assert again.verdict == "undecided"  # a label that came between two runs of the same look


def test_labels_that_get_lost_later_undo_no_judgement() -> None:
    judged = look(hits(1_600, 2_000), hits(1_660, 2_000))
    lacking = replace(hits(1_700, 2_100), units=2_600), replace(hits(1_900, 2_300), units=2_600)
    later = look(*lacking, before=[judged], hours=1)
    assert (later.verdict, later.winner, later.judged_at) == ("better", "candidate", LATER)


def test_harm_beyond_doubt_requests_that_fail_and_a_wrong_split_end_it_at_any_look() -> None:
    assert look(hits(800, 1_000), hits(600, 1_000)).verdict == "harmful"
    assert look(hits(800, 1_000), hits(800, 1_000, failures=80)).verdict == "harmful"
    assert look(hits(800, 1_000), hits(900, 1_300)).verdict == "invalid"
    judged = look(hits(1_600, 2_000), hits(1_660, 2_000))
    assert look(hits(1_600, 2_000), hits(2_000, 2_500), before=[judged], hours=1).verdict == "invalid"


def test_it_is_not_judged_while_the_outcomes_of_one_arm_are_lacking() -> None:
    found = look(replace(hits(1_600, 2_000), units=2_600), replace(hits(1_900, 2_300), units=2_600))
    assert (found.verdict, found.judged_at) == ("undecided", None)
    assert found.reason.startswith("outcomes are known of 88.5% of the units of candidate and of 76.9%")


def test_arms_that_cannot_be_tested_are_not_judged() -> None:
    found = look(hits(2_000, 2_000), hits(2_000, 2_000))
    assert (found.verdict, found.judged_at) == ("undecided", None)
    assert "same outcome" in found.reason


def test_alpha_is_divided_among_the_arms() -> None:
    experiment: Experiment = trial(3_334, 3_333, 3_333, rules=RULES)
    figures = {
        "control": hits(1_600, 2_000),
        "candidate": hits(1_652, 2_000),
        "candidate 2": hits(1_600, 2_000),
    }
    found = evaluate(experiment, figures, at=LATER)
    assert 0.025 < (found.contrasts[0].p_value or 0) < 0.05
    assert found.verdict == "undecided"


def test_a_plan_of_one_look_errs_and_finds_as_often_as_it_says() -> None:
    chance = np.random.default_rng(3)
    plan = Plan(design="fixed")
    units = sample_size(Proportion(0.8), 0.04, plan)
    significant = []
    for rate in (0.8, 0.84):
        first, second = chance.binomial(units, 0.8, 2_000), chance.binomial(units, rate, 2_000)
        found = [two_proportions(hits(a, units), hits(b, units)) for a, b in zip(first, second, strict=True)]
        significant.append(np.mean([each.p_value <= plan.alpha for each in found]))
    false, power = significant
    assert false == pytest.approx(0.05, abs=0.015)
    assert power == pytest.approx(plan.power, abs=0.03)
