"""Versions that no traffic may reach yet: the governor trains no more of them, and does not call them in vain."""

from typing import Any

import pytest

from lambdaloop.domain.documents import Document
from tests.fakes.governed_model import GovernedModel, governed, in_production, person, upload


def failed(answer: Document) -> set[str]:
    return {each["name"] for each in answer["checks"] if not each["passed"]}


def cooldown(model: GovernedModel) -> str:
    """What the governor says about it now."""
    [told] = [each["reason"] for each in model.watch("drift")["checks"] if each["name"] == "cooldown"]
    return str(told)


class TestDuringAnExperiment:
    def test_nothing_is_trained_for_it_could_not_be_released(self) -> None:
        model = in_production()
        model.experiment()
        model.watch("drift")
        answer = model.watch("drift")
        assert failed(answer) == {"release"}
        assert answer["reason"] == (
            "not retrained because experiment 'trial' is running, and no other release can begin before it ends"
        )
        assert model.counted("model_retraining_storms_total") == 0

    def test_what_was_held_back_is_trained_when_it_has_ended(self) -> None:
        model = in_production()
        model.experiment()
        for _ in range(30 * 24):
            assert not model.watch("drift")["retrain"]
        model.conclude()
        assert model.watch("drift")["retrain"]

    def test_new_data_wait_for_its_end(self) -> None:
        model = in_production(governed(on=["data"]))
        model.experiment()
        answer = model.ask(upload(at=model.clock.now()))
        assert failed(answer) == {"release"}
        model.conclude()
        assert model.watch()["retrain"]

    def test_a_person_may_train_all_the_same(self) -> None:
        model = in_production()
        model.experiment()
        assert model.ask(person())["retrain"]


class TestAVersionThatAnExperimentKeptFromItsRelease:
    def test_is_not_in_vain(self) -> None:
        model = in_production(governed(cooldown_hours=10))
        model.experiment()
        model.train("registered", name="by-hand")
        model.conclude()
        assert cooldown(model).startswith("the cooldown of 10 h ends at")

    def test_gives_way_to_one_from_newer_rows(self) -> None:
        model = in_production(governed(cooldown_hours=10))
        model.experiment()
        model.train("registered", name="by-hand")
        model.conclude()
        model.pass_hours(24)
        model.watch("drift")
        assert model.watch("drift")["retrain"]

    def test_is_not_in_vain_when_the_experiment_began_before_its_release_could(self) -> None:
        model = in_production(governed(cooldown_hours=10))
        model.train("registered", name="by-hand")
        model.pass_hours(0.1)
        model.experiment()
        model.pass_hours(24)
        model.conclude()
        assert cooldown(model).startswith("the cooldown of 10 h ended at")

    def test_is_in_vain_when_the_experiment_came_too_late_to_refuse_it(self) -> None:
        model = in_production(governed(cooldown_hours=100))
        model.train("registered", name="by-hand")
        model.pass_hours(1)
        model.experiment()
        model.pass_hours(1)
        model.conclude()
        assert cooldown(model).startswith("the cooldown of 200 h after 1 without a new champion")

    def test_is_in_vain_when_the_experiment_had_ended(self) -> None:
        model = in_production(governed(cooldown_hours=100))
        model.experiment()
        model.conclude()
        model.pass_hours(1)
        model.train("registered", name="by-hand")
        assert cooldown(model).startswith("the cooldown of 200 h after 1 without a new champion")

    @pytest.mark.parametrize("end", ["rejected", "failed", "rolled_back"])
    def test_other_ends_of_a_training_count_as_ever(self, end: Any) -> None:
        model = in_production(governed(cooldown_hours=10))
        model.experiment()
        model.train(end, name="by-hand")
        model.conclude()
        assert cooldown(model).startswith("the cooldown of 20 h after 1 without a new champion")

    def test_does_not_make_good_for_those_before_it(self) -> None:
        model = in_production(governed(cooldown_hours=10))
        model.train("rejected", name="by-hand")
        model.experiment()
        model.train("registered", name="by-hand-2")
        model.conclude()
        assert cooldown(model).startswith("the cooldown of 20 h after 1 without a new champion")


class TestWherePeopleRelease:
    @pytest.fixture
    def model(self) -> GovernedModel:
        """With a version that drift gave rise to, and that nobody has released."""
        model = in_production(governed(automatic=False, on=["drift", "data"], cooldown_hours=10))
        model.watch("drift")
        model.watch("drift")
        model.train("registered")
        model.pass_hours(24)
        return model

    def test_lasting_drift_asks_for_a_release_and_for_no_second_version(self, model: GovernedModel) -> None:
        model.watch("drift")
        answer = model.watch("drift")
        assert failed(answer) == {"release"}
        assert answer["reason"] == (
            "not retrained because version 2 waits for its release: `lambdaloop releases start churn --version 2`"
        )
        assert model.counted("model_retraining_storms_total") == 0

    def test_it_is_not_in_vain(self, model: GovernedModel) -> None:
        assert cooldown(model).startswith("the cooldown of 10 h ended at")

    @pytest.mark.parametrize("version", [1, 2])
    def test_once_somebody_released_it_or_another_one_drift_is_a_reason_again(
        self, model: GovernedModel, version: int
    ) -> None:
        model.release(version)
        model.watch("drift")
        assert model.watch("drift")["retrain"]

    def test_new_data_are_a_reason_as_ever(self, model: GovernedModel) -> None:
        assert model.ask(upload(at=model.clock.now()))["retrain"]

    def test_a_person_may_train_all_the_same(self, model: GovernedModel) -> None:
        model.watch("drift")
        model.watch("drift")
        answer = model.ask(person())
        assert answer["retrain"]
        assert "version 2 waits" in str(answer["checks"])

    def test_one_that_lost_an_experiment_waits_no_more_and_was_in_vain(self, model: GovernedModel) -> None:
        model.experiment(challenger=2)
        model.pass_hours(24)
        model.conclude()
        model.watch("drift")
        answer = model.watch("drift")
        assert answer["retrain"]
        assert "after 1 without a new champion" in str(answer["checks"])

    def test_one_whose_experiment_never_began_goes_on_waiting(self, model: GovernedModel) -> None:
        model.experiment(challenger=2, began=False)
        model.conclude()
        model.watch("drift")
        assert failed(model.watch("drift")) == {"release"}
