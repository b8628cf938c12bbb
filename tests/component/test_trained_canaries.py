"""Canaries of really trained models: what their predictions show decides, before anybody knows what really happens."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lambdaloop.domain.candidate import Candidate
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.metrics import Task
from tests.fakes.trained_canary import TrainedCanary, canary_definition, edited_csv
from tests.unit.training.sample_data import FEATURES, METRIC, candidate, definition, sample_csv

TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")
WEAK = Candidate(name="weak", estimator="random_forest", parameters={"n_estimators": 1, "max_depth": 1})


def fitted(task: Task, estimator: Candidate, **changes: Any) -> ModelDefinition:
    training = definition(
        task, training={"candidates": (estimator,), "folds": 2, "metric": METRIC[task]}
    ).training
    return replace(canary_definition(task, **changes), training=training)


def usual(task: Task) -> Candidate:
    return candidate("ridge" if task == "regression" else "logistic_regression")


def boosted() -> Candidate:
    return candidate("hist_gradient_boosting", max_iter=40)


def canary(task: Task, champion: Candidate | None = None, **changes: Any) -> TrainedCanary:
    return TrainedCanary(fitted(task, champion or usual(task), **changes), sample_csv(task, rows=1200))


def verdicts(world: TrainedCanary) -> list[tuple[int, str]]:
    return [(one.step, one.verdict) for one in world.judged()]


def shuffled_features(table: dict[str, list[str]]) -> None:
    """Every column for itself: each value is an ordinary one, and no row is."""
    chance = np.random.default_rng(5)
    for name in FEATURES:
        table[name] = [table[name][place] for place in chance.permutation(len(table[name]))]


def swapped_columns(table: dict[str, list[str]]) -> None:
    """Training sees a world that is never served, and is very good in it."""
    scores = [str(abs(float(text))) if text else "1.0" for text in table["score"]]
    table["score"], table["amount"] = table["amount"], scores


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("edit", [shuffled_features, swapped_columns])
def test_a_candidate_that_answers_fast_and_predicts_nonsense_is_rolled_back_at_its_first_step(
    task: Task, edit: Any
) -> None:
    world = canary(task)
    nonsense = edited_csv(sample_csv(task, rows=1200, seed=3), edit)
    document = world.release(world.train("run-2", nonsense, fitted(task, boosted())), "second")
    assert "error" not in document
    assert world.last().status == "rolled_back"
    assert verdicts(world) == [(0, "roll_back")]
    assert world.traffic.routing().stable == "2"
    numbers = world.judged()[0].numbers
    assert (numbers["errors"], numbers["replay_failures"]) == (0, 0)
    assert "disagrees with the version before about the same 200 rows" in str(world.last().outcome)


@pytest.mark.parametrize("task", TASKS)
def test_nonsense_is_seen_without_asking_both_versions_about_the_same_rows(task: Task) -> None:
    few: dict[str, Any] = {"captured": ("age", "plan")}
    world = canary(task, **few)
    nonsense = edited_csv(sample_csv(task, rows=1200, seed=3), shuffled_features)
    world.release(world.train("run-2", nonsense, fitted(task, boosted(), **few)), "second")
    assert verdicts(world) == [(0, "hold")] * 3 + [(0, "roll_back")]
    reasons = world.judged()[0].reasons
    assert any("is estimated to be" in reason for reason in reasons)
    assert any("the log keeps not every feature" in reason for reason in reasons)
    assert "disagreement" not in world.judged()[0].numbers


@pytest.mark.parametrize("task", TASKS)
def test_an_honest_model_of_another_kind_goes_through_without_a_hold(task: Task) -> None:
    world = canary(task)
    data = sample_csv(task, rows=1200, seed=3)
    world.release(world.train("run-2", data, fitted(task, boosted())), "second")
    assert world.last().status == "live", world.last().outcome
    assert verdicts(world) == [(0, "advance"), (1, "advance"), (2, "complete")]
    numbers = world.judged()[1].numbers
    assert numbers["replayed_rows"] == 200
    assert numbers["expected_disagreement"] is not None
    assert {"prediction_drift", "estimated", "champion_estimated", "invalid_rate"} <= numbers.keys()


def test_a_better_model_is_promoted_by_its_labels_where_the_definition_wants_proof() -> None:
    proof: dict[str, Any] = {"require": "better", "min_labels": 30}
    world = canary("binary", WEAK, **proof)
    world.labelled = True
    data = sample_csv("binary", rows=1200)
    world.release(world.train("run-2", data, fitted("binary", boosted(), **proof)), "second")
    assert world.last().status == "live", world.last().outcome
    numbers = world.judged()[1].numbers
    assert numbers["performance_gain_low"] is not None
    assert numbers["performance_gain_low"] > 0
    assert numbers["labels"] == numbers["champion_labels"] == 100


@pytest.mark.parametrize(
    ("require", "status", "seen"),
    [
        ("no_harm", "live", [(0, "advance"), (1, "advance"), (2, "complete")]),
        ("better", "rolled_back", [(0, "advance"), *[(1, "hold")] * 3, (1, "roll_back")]),
    ],
)
def test_an_equal_model_is_handled_as_the_definition_says(
    require: str, status: str, seen: list[tuple[int, str]]
) -> None:
    world = canary("binary", require=require)
    world.labelled = True
    world.release(world.train("run-2"), "second")
    assert world.last().status == status
    assert verdicts(world) == seen


def test_a_model_that_labels_show_to_be_worse_is_rolled_back() -> None:
    world = canary("binary", boosted(), max_disagreement=10.0, max_estimated_drop=10.0)
    world.labelled, world.requests_per_bake = True, 2000
    world.release(world.train("run-2", None, fitted("binary", WEAK, max_disagreement=10.0)), "second")
    assert world.last().status == "rolled_back"
    assert "beyond doubt, allowed are 0.05" in str(world.last().outcome)


def test_without_a_single_line_in_the_log_nothing_is_promoted() -> None:
    world = canary("binary")
    world.logged = False
    world.release(world.train("run-2", None, fitted("binary", boosted())), "second")
    assert verdicts(world) == [(0, "hold")] * 3 + [(0, "roll_back")]
    assert world.judged()[-1].reasons == (
        "0 logged predictions, wanted at least 20",
        "still in doubt after 3 holds",
    )


def test_labels_and_features_of_the_first_release_are_not_asked_for() -> None:
    world = canary("binary")
    [judgement] = world.judged()
    assert judgement.verdict == "complete"
    assert judgement.numbers.keys() == {
        "requests",
        "errors",
        "error_rate",
        "p95_latency_ms",
        "p99_latency_ms",
    }
