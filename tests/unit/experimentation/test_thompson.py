from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from lambdaloop.domain.experiment import ArmFigures, ExperimentRules
from lambdaloop.experimentation.periods import Period
from lambdaloop.experimentation.thompson import allocate
from tests.unit.experimentation.trials import RULES, hits, numbers, trial


def once(figures: Mapping[str, ArmFigures]) -> Period:
    """Shares that never changed."""
    return Period(shares=dict.fromkeys(figures, 5_000), figures=figures)


def test_an_arm_gets_as_many_buckets_as_it_is_likely_to_be_the_best() -> None:
    experiment = trial()
    figures = {"control": hits(1_000, 5_000), "candidate": hits(1_030, 5_000)}
    shares = allocate(experiment, [once(figures)], seed=1)
    error = np.sqrt(0.2 * 0.8 / 5_000 + 0.206 * 0.794 / 5_000)
    assert shares["candidate"] == pytest.approx(500 + 9_000 * norm.cdf(0.006 / error), abs=60)
    assert sum(shares.values()) == 10_000


def test_the_worst_arm_keeps_the_floor_and_the_sum_is_ten_thousand() -> None:
    experiment = trial(3_334, 3_333, 3_333)
    figures = {"control": hits(100, 1_000), "candidate": hits(500, 1_000), "candidate 2": hits(101, 1_000)}
    assert allocate(experiment, [once(figures)], seed=1, floor=333) == {
        "control": 333,
        "candidate": 9_334,
        "candidate 2": 333,
    }


def test_the_same_seed_gives_the_same_buckets_and_another_one_nearly_the_same() -> None:
    figures = {"control": hits(500, 1_000), "candidate": hits(510, 1_000)}
    first, again, other = (allocate(trial(), [once(figures)], seed=seed)["candidate"] for seed in (7, 7, 8))
    assert first == again
    assert first != other
    assert abs(first - other) < 100


def test_less_is_better_for_errors() -> None:
    experiment = trial(rules=ExperimentRules(outcome="squared_error", smallest_effect=0.1))
    chance = np.random.default_rng(1)
    figures = {
        "control": numbers(chance.exponential(2, 500)),
        "candidate": numbers(chance.exponential(1, 500)),
    }
    assert allocate(experiment, [once(figures)], seed=1)["candidate"] == 9_500


def test_shares_stay_until_every_arm_has_shown_enough() -> None:
    experiment = trial(7_000, 3_000)
    few = {"control": hits(500, 1_000), "candidate": hits(99, 99)}
    assert allocate(experiment, [once(few)], seed=1) == {"control": 7_000, "candidate": 3_000}
    assert allocate(experiment, [once({"control": hits(500, 1_000)})], seed=1) == {
        "control": 7_000,
        "candidate": 3_000,
    }
    rewarded = replace(experiment, rules=replace(RULES, outcome="reward"))
    nothing = {"control": hits(50, 1_000), "candidate": hits(0, 1_000)}
    assert allocate(rewarded, [once(nothing)], seed=1) == {"control": 7_000, "candidate": 3_000}


def test_a_good_week_in_which_an_arm_was_large_earns_it_nothing() -> None:
    """The candidate is better in both weeks, and worse in both together."""
    good = once({"control": hits(7_200, 9_000), "candidate": hits(830, 1_000)})
    bad = once({"control": hits(300, 1_000), "candidate": hits(3_300, 10_000)})
    shares = allocate(trial(), [good, bad], seed=1)
    assert shares["candidate"] > 9_000


def test_a_period_in_which_an_arm_was_hardly_seen_is_left_out() -> None:
    whole = once({"control": hits(500, 1_000), "candidate": hits(500, 1_000)})
    started = once({"control": hits(900, 900), "candidate": hits(1, 1)})
    assert allocate(trial(), [whole, started], seed=1) == allocate(trial(), [whole], seed=1)
    assert allocate(trial(7_000, 3_000), [started], seed=1) == {"control": 7_000, "candidate": 3_000}


def test_a_floor_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="use at most 5000"):
        allocate(trial(), [], seed=1, floor=5_001)
