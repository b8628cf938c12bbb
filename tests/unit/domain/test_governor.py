"""What stands against a training although there is an occasion, as the governor's function answers."""

from dataclasses import replace
from typing import Any

import pytest

from lambdaloop.domain.documents import Document
from tests.fakes.governed_model import (
    End,
    alarm,
    governed,
    in_production,
    person,
    upload,
)
from tests.fakes.samples import MODEL


def check(answer: Document, name: str) -> Document:
    return next(each for each in answer["checks"] if each["name"] == name)


def failed(answer: Document) -> set[str]:
    return {each["name"] for each in answer["checks"] if not each["passed"]}


class TestNewLabels:
    def test_too_few_since_the_last_training_are_nothing_to_learn_from(self) -> None:
        model = in_production(governed(min_new_labels=21))
        model.watch("drift")
        answer = model.watch("drift")
        assert answer["reason"] == (
            "not retrained because only 20 labels came since the last training (21 needed)"
        )
        assert model.watch("drift")["retrain"]

    def test_labels_that_a_training_has_seen_are_not_new(self) -> None:
        model = in_production(governed(min_new_labels=20, cooldown_hours=1))
        model.watch("drift", labels=1000)
        assert model.watch("drift")["retrain"]
        model.train("rejected")
        model.pass_hours(2)
        model.watch("drift")
        assert failed(model.watch("drift", labels=9)) == {"new_labels"}
        assert model.watch("drift", labels=1)["retrain"]

    def test_labels_of_a_training_that_failed_are_still_new(self) -> None:
        model = in_production(governed(min_new_labels=500, cooldown_hours=1))
        model.watch("drift", labels=500)
        assert model.watch("drift", labels=0)["retrain"]
        model.train("failed")
        model.pass_hours(2)
        model.watch("drift", labels=0)
        assert model.watch("drift", labels=0)["retrain"]

    def test_uploaded_data_make_up_for_them(self) -> None:
        model = in_production(governed(on=["drift", "data"], min_new_labels=500))
        model.train(None, name="by-hand")
        model.ask(upload(at=model.clock.now()))
        model.pass_hours(30)
        model.look("drift")
        model.look("drift")
        answer = model.ask(alarm())
        assert check(answer, "new_labels")["reason"] == "training data were uploaded at 2026-04-02 10:00 UTC"
        assert failed(answer) == {"cooldown"}

    def test_labels_without_all_features_teach_nothing(self) -> None:
        of = governed()
        model = in_production(replace(of, serving=replace(of.serving, capture=("age",))))
        model.watch("drift")
        answer = model.watch("drift")
        assert failed(answer) == {"new_labels"}
        assert "without the features 'plan', which serving.capture leaves out" in answer["reason"]

    def test_they_are_found_however_long_ago_they_came(self) -> None:
        model = in_production(governed(min_new_labels=5000))
        model.look(labels=4999)
        for _ in range(300):
            model.look(labels=0)
        model.look("drift", labels=0)
        assert failed(model.watch("drift", labels=0)) == {"new_labels"}
        assert model.watch("drift", labels=1)["retrain"]


class TestCooldown:
    def test_it_doubles_with_each_training_that_gave_no_new_champion_up_to_16_times(self) -> None:
        model = in_production(governed(cooldown_hours=2, max_per_week=168, budget_hours_per_month=1000))
        model.watch("drift")
        gaps = []
        for _ in range(7):
            waited = 1
            while not model.watch("drift")["retrain"]:
                waited += 1
            gaps.append(waited)
            model.train("rejected", hours=0.5)
        assert gaps == [1, 4, 8, 16, 32, 32, 32]

    def test_it_stays_where_it_may_not_double(self) -> None:
        model = in_production(governed(cooldown_hours=10, cooldown_doublings=0))
        model.watch("drift")
        model.watch("drift")
        model.train("rejected")
        model.watch("drift")
        answer = model.watch("drift")
        assert "the cooldown of 10 h after 1 without a new champion ends at" in answer["reason"]

    @pytest.mark.parametrize("end", ["failed", "rejected", "registered", "rolled_back"])
    def test_every_end_but_a_new_champion_counts(self, end: Any) -> None:
        model = in_production(governed(cooldown_hours=10))
        model.watch("drift")
        model.watch("drift")
        model.train(end)
        model.watch("drift")
        answer = model.watch("drift")
        assert "the cooldown of 20 h after 1 without a new champion ends at" in answer["reason"]

    def test_a_new_champion_ends_the_row(self) -> None:
        model = in_production(governed(cooldown_hours=5))
        ends: list[End] = ["rejected", "rejected", "champion"]
        for number, end in enumerate(ends):
            model.train(end, name=f"by-hand-{number}")
        assert check(model.watch("drift"), "cooldown")["reason"] == (
            "the cooldown of 5 h ends at 2026-04-02 18:00 UTC"
        )

    def test_a_model_that_is_taking_traffic_is_waited_for(self) -> None:
        model = in_production(governed(cooldown_hours=1))
        version = model.train("registered", name="by-hand").version
        assert version is not None
        model.release(version, lives=None)
        model.pass_hours(0.9)
        model.look("drift", hours=0.1)
        answer = model.watch("drift", hours=0.1)
        assert failed(answer) == {"release"}
        assert "release 2 is still taking traffic" in answer["reason"]
        assert "the cooldown of 1 h ended" in check(answer, "cooldown")["reason"]

    def test_a_release_whose_workflow_must_be_dead_is_not(self) -> None:
        model = in_production(governed(cooldown_hours=1))
        version = model.train("registered", name="by-hand").version
        assert version is not None
        model.release(version, lives=None)
        model.pass_hours(24)
        model.watch("drift")
        assert model.watch("drift")["retrain"]


class TestLimits:
    def test_so_many_trainings_in_any_seven_days(self) -> None:
        model = in_production(governed(max_per_week=2, cooldown_hours=1))
        model.train("champion", name="by-hand")
        model.pass_hours(6 * 24)
        model.train("champion", name="by-hand-2")
        model.pass_hours(3)
        model.watch("drift")
        answer = model.watch("drift")
        assert failed(answer) == {"weekly_limit"}
        assert "trainings in the last 7 days: 2 (at most 2)" in answer["reason"]
        model.pass_hours(24)
        model.watch("drift")
        assert model.watch("drift")["retrain"]

    def test_so_many_hours_in_any_30_days_with_the_next_one_counted_in(self) -> None:
        model = in_production(governed(budget_hours_per_month=2.5, cooldown_hours=1))
        model.train("champion", name="by-hand", hours=1.5)
        model.pass_hours(3)
        model.watch("drift")
        answer = model.watch("drift")
        assert failed(answer) == {"budget"}
        assert (
            "trainings ran 1.50 h in the last 30 days and the next may take 1.50 h (at most 2.5 h)"
            in (answer["reason"])
        )

    def test_a_run_that_never_ended_costs_what_the_workflow_may_take(self) -> None:
        model = in_production(governed(cooldown_hours=1))
        model.train(None, name="lost")
        model.pass_hours(10)
        model.watch("drift")
        answer = model.watch("drift")
        assert "trainings ran 4.00 h" in check(answer, "budget")["reason"]


class TestSingleFlight:
    def test_nothing_starts_while_a_training_runs(self) -> None:
        model = in_production()
        model.train(None, name="by-hand")
        model.watch("drift")
        answer = model.watch("drift")
        assert "single_flight" in failed(answer)
        assert "training by-hand has been running since 2026-04-02 10:00 UTC" in answer["reason"]

    def test_nothing_starts_while_one_that_was_decided_on_has_not_begun(self) -> None:
        model = in_production()
        model.watch("drift")
        model.watch("drift")
        assert "single_flight" in failed(model.ask(person()))

    def test_a_run_beyond_the_workflows_time_limit_is_taken_for_dead(self) -> None:
        model = in_production(governed(cooldown_hours=1))
        model.train(None, name="lost")
        model.pass_hours(10)
        model.watch("drift")
        answer = model.watch("drift")
        assert answer["retrain"]
        assert check(answer, "single_flight")["reason"] == (
            "no training is running: lost never ended and is taken for dead"
        )


class TestBaseline:
    def test_without_one_nothing_is_retrained_and_the_reason_is_told(self) -> None:
        model = in_production()
        for _ in range(2):
            model.look("drift")
        answer = model.watch("no_baseline")
        assert failed(answer) == {"baseline"}
        assert answer["reason"] == (
            "not retrained because the watch has no baseline: the watch found no_baseline"
        )

    def test_that_is_never_quiet(self) -> None:
        model = in_production()
        model.watch("no_baseline")
        assert not model.registry.decisions(MODEL)[0].quiet

    def test_a_person_may_mend_it_by_training(self) -> None:
        model = in_production()
        model.watch("no_baseline")
        assert model.ask(person())["retrain"]


class TestAPerson:
    def test_overrides_persistence_labels_and_cooldown(self) -> None:
        model = in_production(governed(min_new_labels=10**6))
        model.train("rejected", name="by-hand")
        model.watch()
        answer = model.ask(person())
        assert answer["retrain"]
        assert answer["reason"] == "retrained because ml-team asked: new campaign"
        told = [each["reason"] for each in answer["checks"]]
        assert sum(reason.endswith(", which ml-team overrides") for reason in told) == 3

    def test_does_not_override_single_flight_or_what_trainings_may_cost(self) -> None:
        model = in_production(governed(max_per_week=1, budget_hours_per_month=1))
        model.train("champion", name="by-hand")
        model.train(None, name="by-hand-2")
        assert failed(model.ask(person())) == {"single_flight", "weekly_limit", "budget"}


def test_a_refusal_names_everything_that_stood_against_it() -> None:
    model = in_production(governed(min_new_labels=500, max_per_week=1))
    model.train("rejected", name="by-hand")
    model.watch("drift")
    answer = model.watch("drift")
    assert failed(answer) == {"new_labels", "cooldown", "weekly_limit"}
    assert answer["reason"] == (
        "not retrained because only 20 labels came since the last training (500 needed); "
        "the cooldown of 48 h after 1 without a new champion ends at 2026-04-04 11:00 UTC; "
        "trainings in the last 7 days: 1 (at most 1)"
    )


def test_a_watch_that_finds_nothing_is_quiet_and_one_bad_window_is_not() -> None:
    model = in_production()
    model.watch()
    model.watch("drift")
    model.watch()
    assert [each.quiet for each in model.registry.decisions(MODEL)] == [False, False, True]
