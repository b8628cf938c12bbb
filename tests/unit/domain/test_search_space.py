"""Searches try values that fill the space evenly, the same ones in every run of a definition."""

from dataclasses import replace
from itertools import islice
from typing import Any

import pytest

from lambdaloop.domain.candidate import Candidate, Member
from lambdaloop.domain.documents import from_document, to_document
from lambdaloop.domain.search_space import Range, draw_trials, halton_points
from tests.unit.training.sample_data import definition

RATE = Range(type="float", low=0.001, high=1, log=True)
LEAVES = Range(type="int", low=8, high=15)


def boosting(**fields: Any) -> Candidate:
    plain: dict[str, Any] = {
        "name": "boost",
        "estimator": "hist_gradient_boosting",
        "parameters": {"max_iter": 15},
        "search": {"learning_rate": RATE, "max_leaf_nodes": LEAVES},
        "trials": 16,
    }
    return Candidate(**plain | fields)


def test_trials_are_the_same_in_every_run_and_others_for_another_seed() -> None:
    first = boosting().tried(seed=0)
    assert boosting().tried(seed=0) == first
    assert boosting().tried(seed=1) != first
    assert boosting(trials=8).tried(seed=0) == first[:8], "more trials keep those that were tried"
    assert first[0].parameters == {"max_iter": 15, "learning_rate": 0.0692103, "max_leaf_nodes": 15}


def test_a_trial_is_a_plain_candidate_with_values_of_the_right_types() -> None:
    for number, trial in enumerate(boosting().tried(seed=3), start=1):
        assert trial.name == f"boost#{number}"
        assert (trial.search, trial.trials, trial.estimator) == ({}, None, "hist_gradient_boosting")
        rate, leaves = trial.parameters["learning_rate"], trial.parameters["max_leaf_nodes"]
        assert isinstance(rate, float)
        assert 0.001 <= rate <= 1
        assert type(leaves) is int
        assert 8 <= leaves <= 15
        assert from_document(Candidate, to_document(trial)) == trial


def test_every_part_of_the_space_is_tried() -> None:
    """Each of 16 equal parts of one prime's axis gets one of 16 points; chance alone leaves a third of them empty."""
    for seed in map(str, range(20)):
        points = [*islice(halton_points(2, seed=seed), 16)]
        assert {int(first * 16) for first, _ in points} == set(range(16))
        assert {int(second * 9) for _, second in points[:9]} == set(range(9))


def test_the_powers_of_ten_of_a_logarithmic_range_are_tried_alike() -> None:
    values = [float(str(value)) for (value,) in draw_trials([RATE], 30, seed="x")]
    assert [sum(low <= value < 10 * low for value in values) for low in (0.001, 0.01, 0.1)] == pytest.approx(
        [10, 10, 10], abs=1
    )


def test_both_ends_of_a_whole_range_are_as_likely_as_its_middle() -> None:
    found = [Range(type="int", low=8, high=10).at((place + 0.5) / 300) for place in range(300)]
    assert [found.count(value) for value in (8, 9, 10)] == [100, 100, 100]
    powers = [Range(type="int", low=1, high=1000, log=True).at(place) for place in (0, 0.5, 1 - 2**-53)]
    assert powers == [1, 22, 1000]


def test_a_point_is_tried_once_even_where_there_are_few() -> None:
    few = boosting(search={"max_leaf_nodes": Range(type="int", low=8, high=10)}, trials=50)
    assert sorted(str(trial.parameters["max_leaf_nodes"]) for trial in few.tried(seed=0)) == ["10", "8", "9"]


def test_choices_may_be_of_any_type() -> None:
    choices = (None, 0.5, "balanced", (3, 4))
    tried = draw_trials([Range(type="categorical", choices=choices)], 4, seed="x")
    assert {value for (value,) in tried} == set(choices)


def test_members_of_an_ensemble_are_searched_together() -> None:
    ensemble = Candidate(
        name="vote",
        estimator="voting",
        members=(
            Member(estimator="decision_tree", search={"max_depth": Range(type="int", low=2, high=9)}),
            Member(
                estimator="decision_tree", parameters={"min_samples_leaf": 3}, search={"max_depth": LEAVES}
            ),
        ),
        trials=5,
    )
    tried = ensemble.tried(seed=0)
    assert len(tried) == 5
    for trial in tried:
        first, second = trial.members
        assert 2 <= int(str(first.parameters["max_depth"])) <= 9
        assert second.parameters.keys() == {"min_samples_leaf", "max_depth"}
        assert not trial.ranges


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"type": "float", "low": 1.0}, "type float needs low and high"),
        ({"type": "float", "low": 2.0, "high": 2.0}, "low 2 must be less than high 2"),
        (
            {"type": "float", "low": 0.0, "high": 2.0, "log": True},
            "low must be greater than 0 where log is true",
        ),
        ({"type": "float", "low": float("-inf"), "high": 2.0}, "must be finite"),
        ({"type": "int", "low": 1.0, "high": 2.5}, "must be whole numbers, got 1 and 2.5"),
        ({"type": "int", "low": 1.0, "high": 2.0, "choices": (1,)}, "choices belong to type categorical"),
        ({"type": "categorical", "choices": (1,)}, "two choices or more, got 1"),
        ({"type": "categorical", "choices": (1, 2), "log": True}, "belong to type float or int"),
    ],
)
def test_a_range_says_what_it_lacks(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Range(**fields)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"parameters": {"learning_rate": 0.1}}, "learning_rate is in parameters and in search"),
        ({"search": {}}, "trials belong to a search"),
        ({"trials": 1}, "trials must be 2 to 200, got 1"),
        ({"search": {f"p{n}": RATE for n in range(21)}}, "20 hyperparameters at most, got 21"),
    ],
)
def test_a_search_says_what_does_not_go_together(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        boosting(**fields)


def test_a_run_trains_no_more_candidates_than_its_document_can_carry() -> None:
    training = definition().training
    searches = (boosting(name="one", trials=150), boosting(name="two", trials=51))
    with pytest.raises(ValueError, match="200 candidates at most, trials included, got 201"):
        replace(training, candidates=searches)
    with pytest.raises(ValueError, match="no '#', which numbers trials"):
        replace(training, candidates=(boosting(name="a#1"),))


def test_a_definition_knows_its_trials_by_name() -> None:
    model = definition(training={"candidates": (boosting(trials=3), boosting(name="boost-2", trials=2))})
    names = [trial.name for trial in model.training.tried()]
    assert names == ["boost#1", "boost#2", "boost#3", "boost-2#1", "boost-2#2"]
    assert [model.candidate(name) for name in names] == [*model.training.tried()]
