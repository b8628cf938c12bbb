"""What is an occasion to train a model again, as the governor's function answers."""

from typing import Any

import pytest

from lambdaloop.domain.documents import Document
from tests.fakes.governed_model import (
    GovernedModel,
    alarm,
    governed,
    in_production,
    person,
    upload,
)
from tests.fakes.samples import MODEL


def failed(answer: Document) -> set[str]:
    return {each["name"] for each in answer["checks"] if not each["passed"]}


class TestPersistence:
    def test_drift_in_k_of_the_last_n_windows_starts_a_training(self) -> None:
        model = in_production()
        first, second = model.watch("drift"), model.watch("drift")
        assert (first["retrain"], second["retrain"]) == (False, True)
        assert first["reason"].startswith(
            "not retrained because drift was found in 1 of the last 3 windows of release 1 (2 needed)"
        )
        assert second["reason"] == (
            "retrained because drift was found in 2 of the last 3 windows of release 1 (2 needed)"
        )
        assert model.started == [second["run"]]

    def test_windows_in_between_may_be_fine(self) -> None:
        model = in_production()
        model.watch("drift")
        model.watch("ok")
        assert model.watch("drift")["retrain"]

    @pytest.mark.parametrize("status", ["ok", "insufficient_data", "no_release"])
    def test_windows_without_drift_never_do(self, status: Any) -> None:
        model = in_production()
        assert not any(model.watch(status)["retrain"] for _ in range(5))
        assert model.started == []

    def test_older_windows_are_forgotten(self) -> None:
        model = in_production()
        model.watch("drift")
        for _ in range(2):
            model.watch("ok")
        assert failed(model.watch("drift")) == {"persistence"}

    def test_a_time_at_which_the_watch_did_not_run_is_no_bad_window(self) -> None:
        model = in_production()
        model.watch("drift")
        model.pass_hours(2)
        assert failed(model.watch("drift")) == {"persistence"}

    def test_windows_of_the_old_model_never_retrain_the_new_one(self) -> None:
        model = in_production(governed(cooldown_hours=1))
        for _ in range(2):
            model.watch("drift")
        model.train("champion")
        assert model.registry.alias(MODEL, "champion").version == 2
        answer = model.watch("drift")
        assert "1 of the last 3 windows of release 2" in answer["reason"]
        assert not answer["retrain"]
        assert model.watch("drift")["retrain"]

    def test_a_late_report_about_the_old_release_does_not_count_either(self) -> None:
        model = in_production(governed(cooldown_hours=1))
        model.train("champion", name="by-hand")
        model.watch("drift")
        assert not model.watch("drift", release=1)["retrain"]

    @pytest.mark.parametrize(
        "drops", [{"drop": 0.06}, {"estimated_drop": 0.051}, {"drop": 0.0, "estimated_drop": 0.3}]
    )
    def test_a_lasting_drop_of_the_real_or_the_estimated_performance_starts_a_training(
        self, drops: dict[str, Any]
    ) -> None:
        model = in_production()
        model.watch(**drops)
        answer = model.watch(**drops)
        assert answer["retrain"]
        assert "a performance drop of more than 0.05 was found in 2 of the last 3" in answer["reason"]

    @pytest.mark.parametrize("drop", [None, 0.0, 0.049, 0.05])
    def test_a_drop_that_the_alarm_allows_does_not(self, drop: float | None) -> None:
        model = in_production()
        model.watch(drop=drop)
        assert not model.watch(drop=drop)["retrain"]

    def test_no_drop_at_all_is_none_even_where_none_is_allowed(self) -> None:
        model = in_production(governed({"max_performance_drop": 0}))
        model.watch(drop=0.0)
        assert not model.watch(drop=0.0)["retrain"]

    def test_drift_and_drops_are_counted_apart(self) -> None:
        model = in_production()
        model.watch("drift")
        assert failed(model.watch(drop=0.2)) == {"persistence"}

    def test_without_a_release_there_is_nothing_to_retrain(self) -> None:
        model = GovernedModel()
        model.watch("drift")
        answer = model.watch("drift")
        assert answer["reason"] == "not retrained because no release is live"


class TestWhatMayStartATraining:
    def test_only_what_the_definition_allows(self) -> None:
        model = in_production(governed(on=["performance"]))
        model.watch("drift")
        answer = model.watch("drift")
        assert not answer["retrain"]
        assert "drift" not in answer["reason"]

    def test_an_empty_list_leaves_it_to_people(self) -> None:
        model = in_production(governed(on=[]))
        for _ in range(3):
            answer = model.watch("drift")
        assert answer["reason"] == "not retrained because retraining.on lets nothing start a training"
        assert model.ask(person())["retrain"]

    def test_an_alarm_needs_windows_that_bear_it_out(self) -> None:
        model = in_production()
        model.look("drift")
        assert failed(model.ask(alarm("a"))) == {"persistence"}
        model.look("drift")
        assert model.ask(alarm("b"))["retrain"]

    def test_new_data_start_one_without_any_drift(self) -> None:
        model = in_production(governed(on=["data"]))
        answer = model.ask(upload(at=model.clock.now()))
        assert answer["retrain"]
        assert answer["reason"] == "retrained because new training data were uploaded at 2026-04-02 10:00 UTC"

    def test_new_data_are_nothing_where_data_start_no_training(self) -> None:
        model = in_production()
        answer = model.ask(upload(at=model.clock.now()))
        assert failed(answer) == {"triggers"}
        assert answer["reason"] == (
            "not retrained because retraining.on lets drift, performance start a training"
        )

    def test_data_that_came_before_the_last_training_are_not_new(self) -> None:
        model = in_production(governed(on=["data"], cooldown_hours=1))
        before = model.clock.now()
        model.pass_hours(1)
        model.train("rejected", name="by-hand")
        model.pass_hours(3)
        assert failed(model.ask(upload(at=before))) == {"new_data"}

    def test_data_that_were_refused_are_not_forgotten(self) -> None:
        model = in_production(governed(on=["data"], cooldown_hours=5))
        assert model.ask(upload("churn/1.csv", at=model.clock.now()))["retrain"]
        model.train(None)
        model.pass_hours(0.5)
        assert failed(model.ask(upload("churn/2.csv", at=model.clock.now()))) == {"single_flight"}
        model.pass_hours(0.5)
        run = next(iter(model.started))
        model.registry.finish_run(model=MODEL, run=run, status="rejected", outcome={}, at=model.clock.now())
        answers = [model.watch() for _ in range(12)]
        assert [answer["retrain"] for answer in answers] == [False] * 9 + [True] + [False] * 2
        assert failed(answers[0]) == {"cooldown"}

    def test_a_schedule_starts_one_when_the_last_is_old_enough(self) -> None:
        model = in_production(governed(on=["schedule"], every_days=32))
        assert failed(model.watch()) == {"schedule"}
        model.pass_hours(24)
        answer = model.watch()
        assert answer["retrain"]
        assert answer["reason"] == "retrained because the last training was 32.1 days ago (32 are due)"

    def test_an_own_schedule_may_ask_too(self) -> None:
        model = in_production(governed(on=["schedule"], every_days=30))
        assert model.ask({"cause": "schedule", "at": "2026-04-02T12:00:00Z"})["retrain"]

    def test_what_was_never_trained_is_not_repeated(self) -> None:
        model = GovernedModel(governed(on=["schedule"], every_days=1))
        assert failed(model.watch()) == {"schedule"}
