from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from lambdaloop.domain.experiment import ArmFigures, ExperimentRules, Look
from lambdaloop.experimentation.evaluation import evaluate, overdue
from lambdaloop.experimentation.periods import Period
from tests.unit.experimentation.trials import LATER, RULES, STARTED, hits, numbers, trial

ERRORS = ExperimentRules(outcome="squared_error", smallest_effect=0.2)


def look(control: ArmFigures, candidate: ArmFigures, rules: ExperimentRules = RULES) -> Look:
    return evaluate(trial(rules=rules), {"control": control, "candidate": candidate}, at=LATER)


def test_an_arm_that_is_better_beyond_doubt_wins() -> None:
    found = look(hits(8_000, 10_000), hits(8_400, 10_000))
    assert (found.verdict, found.winner) == ("better", "candidate")
    [contrast] = found.contrasts
    assert contrast.low is not None
    assert contrast.high is not None
    assert contrast.difference == pytest.approx(0.04)
    assert 0 < contrast.low < 0.04 < contrast.high
    assert found.reason == (
        f"the share of correct predictions of candidate differs from the control's by +0.04 (between {contrast.low:+.4g} and "
        f"{contrast.high:+.4g}): better than the control beyond doubt"
    )
    assert found.at == LATER
    assert found.figures["candidate"].measured == 10_000


def test_a_difference_that_one_look_would_have_believed_is_not_enough() -> None:
    found = look(hits(1_600, 2_000), hits(1_660, 2_000))  # z = 2.4
    assert found.verdict == "undecided"
    assert found.winner is None
    assert "neither better than the control beyond doubt nor within ±0.02" in found.reason


def test_an_arm_that_is_much_worse_beyond_doubt_is_harmful() -> None:
    found = look(hits(8_000, 10_000), hits(7_000, 10_000))
    assert (found.verdict, found.winner) == ("harmful", None)
    assert "beyond doubt worse than the control by more than 0.02" in found.reason


def test_how_much_worse_an_arm_may_be_is_a_rule_of_its_own() -> None:
    found = look(hits(8_000, 10_000), hits(7_000, 10_000), replace(RULES, max_harm=0.15))
    assert found.verdict == "undecided"


def test_arms_that_differ_too_little_to_matter_are_equal() -> None:
    found = look(hits(80_000, 100_000), hits(80_100, 100_000))
    assert found.verdict == "equal"
    assert "differs from the control's by +0.00" in found.reason
    assert "less than the 0.02 that would matter" in found.reason


def test_less_is_better_where_errors_are_measured() -> None:
    chance = np.random.default_rng(1)
    large, small = numbers(chance.exponential(2, 4_000)), numbers(chance.exponential(1, 4_000))
    assert (look(large, small, ERRORS).verdict, look(large, small, ERRORS).winner) == ("better", "candidate")
    assert look(small, large, ERRORS).verdict == "harmful"
    assert look(small, large, replace(ERRORS, outcome="reward")).winner == "candidate"


def test_units_that_do_not_come_as_the_shares_say_invalidate_even_a_winner() -> None:
    found = look(hits(8_000, 10_000), hits(9_000, 10_800))
    assert (found.verdict, found.winner) == ("invalid", None)
    assert found.sample_ratio_p is not None
    assert found.sample_ratio_p < 0.001
    assert found.reason.startswith(
        "sample ratio mismatch: control has 10,000 of 20,800 units where 10,400 were due"
    )
    assert found.reason.endswith("no outcome of this experiment can be trusted")


def test_unequal_shares_are_expected_as_they_are() -> None:
    figures = {"control": hits(7_200, 9_000), "candidate": hits(800, 1_000)}
    found = evaluate(trial(9_000, 1_000), figures, at=LATER)
    assert found.sample_ratio_p == pytest.approx(1.0)


def test_an_arm_that_fails_too_often_is_harmful_before_any_outcome_is_known() -> None:
    failing = ArmFigures(units=500, measured=0, total=0.0, squares=0.0, requests=500, failures=30)
    fine = replace(failing, failures=2)
    found = look(fine, failing)
    assert found.verdict == "harmful"
    assert found.reason == (
        "candidate failed 30 of 500 requests (6.00%; 2 of 500 in the control), beyond doubt more than the 1.00% that may fail"
    )
    assert look(failing, fine).verdict == "undecided"
    first = replace(failing, units=5, requests=5, failures=2)
    assert look(first, first).verdict == "undecided"


def test_nothing_is_said_before_every_arm_has_enough_units() -> None:
    found = look(hits(0, 100), hits(99, 99))
    assert found.verdict == "undecided"
    assert found.reason == "candidate has 99 of the 100 units with an outcome that are needed"
    assert found.contrasts[0].difference is None
    assert evaluate(trial(), {}, at=LATER).reason.startswith("control has 0 of the 100 units")


def test_equal_outcomes_of_all_units_say_nothing_about_numbers() -> None:
    found = look(hits(0, 200), hits(0, 200), replace(RULES, outcome="reward"))
    assert found.verdict == "undecided"
    assert "has the same outcome" in found.reason
    [contrast] = found.contrasts
    assert (contrast.difference, contrast.low) == (0.0, None)


def test_of_two_better_arms_the_one_that_leads_wins() -> None:
    experiment = trial(4_000, 3_000, 3_000)
    figures = {
        "control": hits(6_000, 8_000),
        "candidate": hits(4_800, 6_000),
        "candidate 2": hits(4_920, 6_000),
    }
    assert evaluate(experiment, figures, at=LATER).winner == "candidate 2"


def test_alpha_is_divided_among_the_arms() -> None:
    one = look(hits(7_500, 10_000), hits(7_600, 10_000)).contrasts[0]
    figures = {name: hits(7_500, 10_000) for name in ("control", "candidate", "candidate 2")}
    two = evaluate(trial(3_334, 3_333, 3_333), figures, at=LATER).contrasts[0]
    wide = look(hits(7_500, 10_000), hits(7_500, 10_000), replace(RULES, alpha=0.025)).contrasts[0]
    assert one.high is not None
    assert one.low is not None
    assert two.high is not None
    assert wide.high is not None
    assert two.high > (one.high - one.low) / 2
    assert two.high == pytest.approx(wide.high)


def test_one_arm_may_win_while_another_has_too_few_units() -> None:
    experiment = trial(4_800, 4_800, 400)
    figures = {"control": hits(700, 1_000), "candidate": hits(850, 1_000), "candidate 2": hits(60, 80)}
    assert evaluate(experiment, figures, at=LATER).winner == "candidate"


def test_what_was_known_before_makes_the_interval_narrower() -> None:
    chance = np.random.default_rng(5)
    before = chance.normal(0, 3, 8_000)
    outcome = before + chance.normal(0, 1, 8_000)
    rules = replace(ERRORS, outcome="reward")
    plain = look(numbers(outcome[:4_000]), numbers(outcome[4_000:] + 0.12), rules)
    adjusted = look(
        numbers(outcome[:4_000], before[:4_000]), numbers(outcome[4_000:] + 0.12, before[4_000:]), rules
    )
    assert (plain.verdict, adjusted.verdict) == ("undecided", "better")
    assert adjusted.contrasts[0].variance_reduction == pytest.approx(0.9, abs=0.01)


def test_the_time_that_is_over_is_said_and_changes_no_verdict() -> None:
    experiment, end = trial(), STARTED + timedelta(days=30)
    figures = {"control": hits(1_600, 2_000), "candidate": hits(1_620, 2_000)}
    before, after = (evaluate(experiment, figures, at=at) for at in (end - timedelta(hours=1), end))
    assert (before.verdict, after.verdict) == ("undecided", "undecided")
    assert "days are over" not in before.reason
    assert after.reason == f"{before.reason}; the 30 days are over"
    assert not overdue(replace(experiment, started_at=None), end)


def test_periods_with_other_shares_are_compared_each_by_itself() -> None:
    experiment = trial(1_000, 9_000)
    earlier = Period(
        shares={"control": 5_000, "candidate": 5_000},
        figures={"control": hits(200, 1_000), "candidate": hits(200, 1_000)},
    )
    now = {"control": hits(160, 200), "candidate": hits(1_440, 1_800)}
    found = evaluate(experiment, now, at=LATER, earlier=[earlier])
    assert found.verdict == "undecided"
    assert found.sample_ratio_p == pytest.approx(1.0)
    assert found.contrasts[0].difference == pytest.approx(0.0)
    assert found.figures["candidate"].measured == 2_800
    both = {"control": hits(360, 1_200), "candidate": hits(1_640, 2_800)}
    assert evaluate(experiment, both, at=LATER).verdict == "invalid"


def test_outcomes_that_are_known_of_other_parts_of_the_arms_say_nothing_for_the_time_being() -> None:
    control, candidate = hits(8_000, 10_000), replace(hits(8_400, 10_000), units=10_000)
    found = look(replace(control, units=10_600), replace(candidate, units=10_350))
    assert (found.verdict, found.winner) == ("undecided", None)
    assert found.outcome_ratio_p is not None
    assert found.outcome_ratio_p < 0.001
    assert found.reason == (
        "outcomes are known of 96.6% of the units of candidate and of 94.3% of those of control, which chance does not "
        "explain: wait for labels that are late, look for those that are lost, and post a reward of 0 where nothing came"
    )
    assert look(replace(control, units=10_600), replace(candidate, units=10_590)).verdict == "better"


def test_a_winner_goes_before_another_arm_that_does_harm() -> None:
    figures = {
        "control": hits(8_000, 10_000),
        "candidate": hits(6_500, 10_000),
        "candidate 2": hits(8_600, 10_000),
    }
    found = evaluate(trial(3_334, 3_333, 3_333), figures, at=LATER)
    assert (found.verdict, found.winner) == ("better", "candidate 2")
    failing = figures | {"candidate": hits(8_000, 10_000, failures=900)}
    assert evaluate(trial(3_334, 3_333, 3_333), failing, at=LATER).winner == "candidate 2"


def test_an_arm_whose_requests_fail_wins_nothing() -> None:
    found = look(hits(8_000, 10_000), hits(9_000, 10_000, failures=900))
    assert (found.verdict, found.winner) == ("harmful", None)


def test_a_mismatch_names_the_requests_that_failed() -> None:
    found = look(hits(8_000, 10_000), hits(7_000, 9_000, failures=1_000))
    assert found.verdict == "invalid"
    assert found.reason.endswith("units are known by their answers, and candidate failed 1,000 requests")


def test_figures_of_an_arm_that_does_not_exist_are_refused() -> None:
    with pytest.raises(ValueError, match="no arm 'champion': use control, candidate"):
        evaluate(trial(), {"champion": hits(1, 2)}, at=LATER)
