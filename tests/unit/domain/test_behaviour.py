from dataclasses import replace
from typing import Any

import pytest

from lambdaloop.domain.behaviour import BehaviourFigures, Findings, holds_for, judge_behaviour, worse_by
from lambdaloop.domain.releasing_rules import Behaviour, ReleaseRules
from lambdaloop.domain.version import Comparison

RULES = Behaviour(
    min_predictions=20,
    max_disagreement=0.2,
    max_prediction_drift=0.25,
    max_invalid_rate=0.1,
    max_estimated_drop=0.1,
    max_performance_drop=0.05,
    min_labels=30,
)


def found(*, metric: str = "roc_auc", must_be_better: bool = False, **figures: Any) -> Findings:
    seen = BehaviourFigures(**{"predictions": 100, **figures})
    return judge_behaviour(RULES, seen, metric=metric, must_be_better=must_be_better)


def test_nothing_measured_but_enough_predictions_is_nothing_against_it() -> None:
    assert found() == Findings()


def test_too_few_logged_predictions_are_a_doubt() -> None:
    assert found(predictions=20) == Findings()
    assert found(predictions=19).doubts == ("19 logged predictions, wanted at least 20",)


def test_disagreement_is_a_fault_only_beyond_doubt_and_beyond_what_training_saw() -> None:
    assert not found(disagreement=0.3, disagreement_low=0.2, replayed_rows=30).faults
    assert found(disagreement=0.3, disagreement_low=0.21, replayed_rows=30).faults
    assert not found(disagreement=0.4, disagreement_low=0.34, expected_disagreement=0.15).faults
    [fault] = found(
        disagreement=0.4, disagreement_low=0.36, expected_disagreement=0.15, replayed_rows=30
    ).faults
    assert (
        fault == "disagrees with the version before about the same 30 rows by 0.4 (certainly 0.36), "
        "allowed are 0.35, 0.15 of them as in training"
    )


def test_otherwise_distributed_predictions_are_a_signal_unless_chance_or_training_explain_them() -> None:
    drifted: dict[str, Any] = {"prediction_drift": 0.5, "prediction_drift_p": 0.001}
    assert found(**drifted).doubts
    assert not found(**drifted).faults
    assert not found(**drifted | {"prediction_drift_p": 0.02}).doubts
    assert not found(**drifted, expected_prediction_drift=0.3).doubts


def test_what_training_expected_of_the_predictions_is_as_rough_as_its_holdout_was_small() -> None:
    much: dict[str, Any] = {
        "prediction_drift": 1.5,
        "prediction_drift_p": 0.0,
        "expected_prediction_drift": 1.2,
    }
    assert found(**much, prediction_drift_error=0.05).doubts
    assert not found(**much, prediction_drift_error=0.2).doubts
    assert not found(**much, prediction_drift_error=0.05, expected_prediction_drift_error=0.2).doubts
    apart: dict[str, Any] = {"disagreement": 0.45, "disagreement_low": 0.4, "expected_disagreement": 0.15}
    assert found(**apart).faults
    assert not found(**apart, expected_disagreement_error=0.06).faults


def test_more_invalid_rows_than_the_version_before_gets_are_a_signal() -> None:
    more: dict[str, Any] = {"invalid_rate": 0.4, "champion_invalid_rate": 0.25, "invalid_rate_p": 0.001}
    [doubt] = found(**more).doubts
    assert doubt.startswith("40.0% of the rows hold missing, unseen or out-of-range values, 25.0%")
    assert not found(**more | {"champion_invalid_rate": 0.31}).doubts
    assert not found(**more | {"invalid_rate_p": 0.5}).doubts


@pytest.mark.parametrize(
    ("metric", "before", "within", "beyond"),
    [("roc_auc", 0.9, 0.81, 0.79), ("log_loss", 0.4, 0.49, 0.51), ("rmse", 2000.0, 2190.0, 2210.0)],
)
def test_a_worse_estimate_is_a_signal_for_an_error_in_the_targets_unit_as_a_share(
    metric: str, before: float, within: float, beyond: float
) -> None:
    assert not found(metric=metric, estimated=within, champion_estimated=before).doubts
    assert found(metric=metric, estimated=beyond, champion_estimated=before).doubts
    assert not found(metric=metric, estimated=beyond, champion_estimated=None).doubts


def test_an_estimate_is_no_better_than_the_holdout_that_taught_it() -> None:
    worse: dict[str, Any] = {"metric": "rmse", "estimated": 130.0, "champion_estimated": 100.0}
    assert found(**worse, estimated_error=10.0, champion_estimated_error=5.0).doubts
    assert not found(**worse, estimated_error=20.0, champion_estimated_error=10.0).doubts


def test_what_the_version_before_reached_on_newer_rows_counts_more_than_what_is_estimated_of_it() -> None:
    turned: dict[str, Any] = {"metric": "roc_auc", "estimated": 0.62, "champion_estimated": 0.89}
    assert found(**turned).doubts
    assert not found(**turned, champion_reached=0.59).doubts
    assert found(**turned, champion_reached=0.95).doubts
    assert not found(metric="rmse", estimated=130.0, champion_estimated=90.0, champion_reached=125.0).doubts


def test_real_performance_is_a_fault_when_it_is_worse_beyond_doubt() -> None:
    assert not found(performance_drop_low=0.05).faults
    [fault] = found(performance_drop_low=0.06, performance=0.7, champion_performance=0.8, labels=99).faults
    assert "roc_auc on 99 labels is 0.7" in fault
    assert "worse by 0.06 beyond doubt" in fault


def test_better_must_be_shown_by_labels_and_only_where_it_is_asked_for() -> None:
    assert found(performance_gain_low=0.001, must_be_better=True) == Findings()
    assert found(
        performance_gain_low=0.0, performance=0.8, champion_performance=0.7, must_be_better=True
    ).doubts
    [doubt] = found(labels=12, champion_labels=80, must_be_better=True).doubts
    assert (
        doubt == "not shown to be better: 12 and 80 labelled predictions, wanted at least 30 of each version"
    )
    assert found(labels=12, champion_labels=80) == Findings()


def test_only_what_was_measured_is_kept() -> None:
    assert BehaviourFigures(predictions=3, labels=0).numbers() == {"predictions": 3, "labels": 0}


COMPARISON = Comparison(
    champion=1,
    disagreement=0.3,
    prediction_drift=1.0,
    skill_metric="roc_auc",
    skill=0.8,
    champion_skill=0.6,
)


def yardstick(
    comparison: Comparison | None = COMPARISON,
    *,
    champion: int = 1,
    was: float | None = 0.85,
    drift: float | None = 0.0,
    p: float | None = 0.9,
    error: float | None = 0.0,
) -> Comparison | None:
    return holds_for(
        comparison,
        champion=champion,
        champion_metrics={"roc_auc": was},
        rules=RULES,
        training_drift=drift,
        training_drift_p=p,
        training_drift_error=error,
    )


class TestTheYardstickOfTraining:
    def test_it_holds_for_a_version_that_learned_as_much_as_the_one_before(self) -> None:
        assert yardstick() == COMPARISON
        assert yardstick(drift=None, p=None) == COMPARISON

    def test_it_is_of_the_version_that_it_was_compared_with(self) -> None:
        assert yardstick(champion=2) is None
        assert yardstick(None) is None

    def test_it_is_none_where_answers_are_not_those_of_the_holdout(self) -> None:
        assert yardstick(drift=0.3, p=0.001) is None
        assert yardstick(drift=0.3, p=0.2) == COMPARISON

    def test_few_answers_are_no_proof_that_they_are_not_those_of_the_holdout(self) -> None:
        assert yardstick(drift=0.3, p=0.001, error=0.15) == COMPARISON
        assert yardstick(drift=1.0, p=0.001, error=0.15) is None

    def test_a_version_that_learned_nothing_is_not_excused_by_its_own_training(self) -> None:
        nonsense: dict[str, Any] = {"skill": 0.52, "champion_skill": 0.49}
        changed = Comparison(
            champion=1, disagreement=0.4, prediction_drift=3.0, skill_metric="roc_auc", **nonsense
        )
        assert yardstick(changed) is None
        worse_than_a_mean = Comparison(
            champion=1,
            disagreement=1.1,
            prediction_drift=2.0,
            skill_metric="r2",
            skill=-0.03,
            champion_skill=-0.7,
        )
        assert yardstick(worse_than_a_mean) is None

    def test_where_the_world_changed_being_better_on_the_same_rows_is_enough(self) -> None:
        assert yardstick(was=0.99) == COMPARISON
        assert yardstick(was=None) == COMPARISON

    def test_where_the_world_became_harder_being_no_worse_on_the_same_rows_is_enough(self) -> None:
        harder = replace(COMPARISON, skill=0.7, champion_skill=0.69)
        assert yardstick(harder, was=0.99) == harder
        assert yardstick(replace(harder, champion_skill=0.75), was=0.99) is None


def test_a_metric_without_a_scale_is_compared_as_it_is() -> None:
    assert worse_by("r2", 0.5, 0.8) == pytest.approx(0.3)
    assert worse_by("mae", 0.0, 0.0) == 0.0


def test_better_cannot_be_asked_of_a_plan_without_a_step_that_both_answer_in() -> None:
    with pytest.raises(ValueError, match="require: better needs a step before the last one"):
        ReleaseRules(steps="all_at_once", behaviour=Behaviour(require="better"))
