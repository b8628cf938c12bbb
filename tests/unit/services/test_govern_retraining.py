"""The governor's decisions are kept before anything starts, and no event starts anything twice (W1)."""

import json
from collections.abc import Callable
from dataclasses import replace
from threading import Barrier, Thread, local

import pytest

from lambdaloop.domain.decision import Decision
from lambdaloop.domain.documents import Document, to_document
from lambdaloop.domain.errors import BackendUnavailableError, ConflictError, DecisionOutdatedError
from tests.fakes.decisions import InMemoryDecisions
from tests.fakes.governed_model import (
    TRAINING,
    GovernedModel,
    GovernedRegistry,
    alarm,
    governed,
    in_production,
    person,
    upload,
)
from tests.fakes.samples import MODEL
from tests.fakes.workflows import FakeWorkflows


def drifted(model: GovernedModel) -> GovernedModel:
    """Two bad windows that nobody has asked about."""
    model.look("drift")
    model.look("drift")
    return model


EVENTS: dict[str, Callable[[GovernedModel], Document]] = {
    "watch": lambda model: {"cause": "watch", "at": model.clock.now().isoformat()},
    "alarm": lambda _: alarm(),
    "data": lambda model: upload(at=model.clock.now()),
    "schedule": lambda model: {"cause": "schedule", "at": model.clock.now().isoformat()},
    "person": lambda _: person(),
}


@pytest.fixture(params=list(EVENTS))
def asked(request: pytest.FixtureRequest) -> tuple[GovernedModel, Document]:
    """A model for which every kind of event is an occasion, and such an event."""
    model = drifted(in_production(governed(on=["drift", "performance", "data", "schedule"], every_days=30)))
    return model, EVENTS[request.param](model)


def test_an_event_that_is_delivered_three_times_starts_one_training(
    asked: tuple[GovernedModel, Document],
) -> None:
    model, event = asked
    first = model.ask(event)
    model.pass_hours(0.1)
    assert first["retrain"]
    assert [model.ask(event), model.ask(event)] == [first, first]
    assert len(model.workflows.started) == len(model.registry.decisions(MODEL)) == 1
    assert model.counted("model_retrainings_total") == 1


def test_an_event_that_is_delivered_again_after_its_training_ended_starts_no_other(
    asked: tuple[GovernedModel, Document],
) -> None:
    model, event = asked
    first = model.ask(event)
    model.train("rejected")
    model.pass_hours(24 * 40)
    again = model.ask(event)
    assert again == {**first, "execution": None}
    assert len(model.workflows.started) == 1


def test_an_event_that_was_refused_stays_refused() -> None:
    model = in_production()
    model.look("drift")
    first = model.ask(alarm())
    model.look("drift")
    assert model.ask(alarm()) == first
    assert not first["retrain"]
    assert model.ask(alarm("another"))["retrain"]


def at_once(model: GovernedModel, events: list[Document]) -> list[Document]:
    """Deliver events in threads that have all read the decisions before any of them writes."""
    ready, answers = Barrier(len(events)), list[Document]()

    thread_has = local()

    class Meeting(GovernedRegistry):
        def record_decision(self, decision: Decision, *, since: Decision | None) -> bool:
            if not hasattr(thread_has, "met"):
                thread_has.met = True
                ready.wait()
            return super().record_decision(decision, since=since)

    model.registry.__class__ = Meeting
    threads = [Thread(target=lambda event=event: answers.append(model.ask(event))) for event in events]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_one_event_delivered_many_times_at_once_starts_one_training(
    asked: tuple[GovernedModel, Document],
) -> None:
    model, event = asked
    answers = at_once(model, [event] * 8)
    assert all(answer == answers[0] for answer in answers)
    assert len(model.workflows.started) == len(model.registry.decisions(MODEL)) == 1
    assert model.counted("model_retrainings_total") == 1


def test_different_events_at_once_start_one_training_and_the_others_see_it() -> None:
    model = drifted(in_production(governed(on=["drift", "data"])))
    events = [make(model) for name, make in EVENTS.items() if name != "schedule"]
    answers = at_once(model, events)
    assert sorted(answer["retrain"] for answer in answers) == [False, False, False, True]
    assert len(model.workflows.started) == 1
    refused = [answer["reason"] for answer in answers if not answer["retrain"]]
    assert all("has been running since" in reason for reason in refused)
    assert len(model.registry.decisions(MODEL)) == 4


class DeafWorkflows(FakeWorkflows):
    """Starts nothing, or starts and does not say so."""

    def __init__(self, *, applies: bool) -> None:
        super().__init__()
        self.applies = applies

    def start(self, *, workflow: str, name: str, document: Document) -> str:
        if self.applies:
            super().start(workflow=workflow, name=name, document=document)
        raise BackendUnavailableError("no answer from Step Functions")


class TestAStartThatIsLost:
    @pytest.fixture(params=[False, True])
    def model(self, request: pytest.FixtureRequest) -> GovernedModel:
        model = drifted(in_production())
        deaf = DeafWorkflows(applies=request.param)
        model.app.__dict__["workflows"] = deaf
        with pytest.raises(BackendUnavailableError):
            model.ask(alarm())
        model.workflows.started |= deaf.started
        model.app.__dict__["workflows"] = model.workflows
        return model

    def test_is_made_up_for_when_the_event_comes_again(self, model: GovernedModel) -> None:
        model.pass_hours(0.1)
        answer = model.ask(alarm())
        assert answer["retrain"]
        assert model.started == [answer["run"]]

    def test_is_made_up_for_by_the_next_event(self, model: GovernedModel) -> None:
        answer = model.watch("ok")
        assert not answer["retrain"]
        assert model.started == [model.registry.last_retraining(MODEL).run]

    def test_is_not_made_up_for_when_it_was_lost_for_longer_than_a_training_takes(
        self, model: GovernedModel
    ) -> None:
        before = list(model.started)
        model.pass_hours(3)
        answer = model.watch("drift")
        assert model.started == before
        assert "single_flight" not in {each["name"] for each in answer["checks"] if not each["passed"]}


def test_the_decision_is_kept_with_what_was_known() -> None:
    model = drifted(in_production())
    answer = model.ask(alarm())
    kept = model.registry.decision(MODEL, answer["id"])
    assert (kept.run, kept.reason, kept.requested_by) == (answer["run"], answer["reason"], "governor")
    assert kept.inputs["event"] == "alarm lambdaloop-churn-drift began"
    assert [each["status"] for each in kept.inputs["windows"]] == ["drift", "drift"]
    assert kept.inputs["new_labels"] == 20
    assert [each["run"] for each in kept.inputs["trainings"]] == ["first"]
    assert kept.inputs["champion"] == 1


def test_the_training_is_told_why_for_whom_and_up_to_when_to_take_what_was_captured() -> None:
    model = in_production()
    answer = model.ask(person())
    document = model.workflows.started[TRAINING, answer["run"]]
    assert document == {
        "run": {
            "id": answer["run"],
            "model": MODEL,
            "reason": "retrained because ml-team asked: new campaign",
            "requested_by": "ml-team",
            "captured_until": model.clock.now().isoformat(),
        }
    }
    assert answer["execution"].endswith(f":execution:churn-train:{answer['run']}")
    assert len(answer["run"]) <= 80


def test_each_decision_is_measured_with_zeros_too() -> None:
    model = in_production()
    model.watch("ok")
    line = json.loads(model.log.getvalue())
    [metrics] = line["_aws"]["CloudWatchMetrics"]
    assert (metrics["Namespace"], metrics["Dimensions"]) == ("Lambdaloop", [["Model"]])
    assert {each["Name"]: line[each["Name"]] for each in metrics["Metrics"]} == {
        "model_retrainings_total": 0,
        "model_retraining_storms_total": 0,
    }
    assert line["Model"] == MODEL
    assert line["_aws"]["Timestamp"] == model.clock.now().timestamp() * 1000


def test_a_record_is_small_even_after_many_trainings_and_with_a_hundred_windows() -> None:
    """Items of the registry hold 400 KB, states of Step Functions 256 KB."""
    model = in_production(governed(windows=[50, 100]))
    for number in range(100):
        model.train("rejected", name=f"by-hand-{number}")
    for _ in range(100):
        model.look("drift", drop=0.1, estimated_drop=0.1)
    answer = model.ask(alarm())
    assert len(json.dumps(answer)) < 5_000
    assert len(json.dumps(to_document(model.registry.decision(MODEL, answer["id"])))) < 30_000


def test_whoever_always_comes_second_gives_up_with_a_conflict() -> None:
    class Crowded(GovernedRegistry):
        def record_decision(self, decision: Decision, *, since: Decision | None) -> bool:
            other = replace(decision, id=f"{decision.id}-{len(self._decisions)}")
            InMemoryDecisions.record_decision(self, other, since=since)
            raise DecisionOutdatedError("another was faster")

    model = drifted(in_production())
    model.registry.__class__ = Crowded
    with pytest.raises(ConflictError, match="send the event again"):
        model.ask(alarm())
