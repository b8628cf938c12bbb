"""The governor on DynamoDB: two at once, a process that dies at every call, and answers that are lost."""

import threading
from collections.abc import Iterator
from typing import Literal

import pytest

from lambdaloop.adapters.aws_client import ATTEMPTS
from lambdaloop.domain.decision import Decision
from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import BackendUnavailableError
from tests.contract.aws import TABLE, Aws
from tests.contract.fault_injection import CrashError, crash, lose_answer, reject
from tests.fakes.governed_model import GovernedModel, alarm, governed, person, upload
from tests.fakes.samples import MODEL
from tests.fakes.workflows import FakeWorkflows

TRANSACT = "dynamodb.TransactWriteItems"
When = Literal["before", "after"]


@pytest.fixture
def model(aws: Aws) -> GovernedModel:
    """In production for a month, with two bad windows that nobody has asked about."""
    model = GovernedModel(governed(on=["drift", "data"]), registry=aws.registry)
    model.train("champion", name="first")
    model.pass_hours(31 * 24)
    model.look("drift")
    model.look("drift")
    return model


def items(aws: Aws, prefix: str) -> int:
    found = aws.dynamodb.scan(TableName=TABLE, ConsistentRead=True)["Items"]
    return sum(item["sk"]["S"].startswith(prefix) for item in found)


def check_consistent(aws: Aws, model: GovernedModel) -> None:
    """Each decision is whole, and whatever was started was decided before."""
    decisions: list[Decision] = list(aws.registry.decisions(MODEL))
    assert len(decisions) == items(aws, "DECIDED#")
    assert all(aws.registry.decision(MODEL, each.id) == each for each in decisions)
    retrained = {each.run for each in decisions if each.retrain}
    assert len(retrained) == items(aws, "RETRAINING#") <= 1
    assert set(model.started) <= retrained


def at_once(aws: Aws, model: GovernedModel, events: list[Document]) -> list[Document]:
    """Deliver events in threads that have all read before any of them writes."""
    all_have_read, thread_has = threading.Barrier(len(events)), threading.local()
    answers: list[Document] = []

    def meet(operation: str) -> None:
        if operation == TRANSACT and not hasattr(thread_has, "met"):
            thread_has.met = True
            all_have_read.wait()

    with aws.wire.holding(meet):
        threads = [
            threading.Thread(target=lambda event=event: answers.append(model.ask(event))) for event in events
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return answers


@pytest.mark.parametrize("kind", ["watch", "alarm", "data", "person"])
def test_one_event_that_arrives_six_times_at_once_starts_one_training(
    aws: Aws, model: GovernedModel, kind: str
) -> None:
    now = model.clock.now()
    event = {
        "watch": {"cause": "watch", "at": now.isoformat()},
        "alarm": alarm(),
        "data": upload(at=now),
        "person": person(),
    }[kind]
    answers = at_once(aws, model, [event] * 6)
    assert all(answer == answers[0] for answer in answers)
    assert model.started == [answers[0]["run"]]
    check_consistent(aws, model)
    assert len(aws.registry.decisions(MODEL)) == 1
    assert model.counted("model_retrainings_total") == 1


def test_different_events_at_once_start_one_training_and_the_others_see_it(
    aws: Aws, model: GovernedModel
) -> None:
    now = model.clock.now()
    events = [{"cause": "watch", "at": now.isoformat()}, alarm(), upload(at=now), person()]
    answers = at_once(aws, model, events)
    assert sorted(answer["retrain"] for answer in answers) == [False, False, False, True]
    assert all("has been running since" in each["reason"] for each in answers if not each["retrain"])
    assert len(model.started) == 1
    check_consistent(aws, model)
    assert len(aws.registry.decisions(MODEL)) == 4


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_governor_that_dies_at_any_call_decides_when_the_event_comes_again(
    aws: Aws, model: GovernedModel, when: When
) -> None:
    event = upload(at=model.clock.now())
    deaths = 0
    for _ in _deaths(aws, model, event, when=when):
        deaths += 1
        check_consistent(aws, model)
        model.ask(event)
        check_consistent(aws, model)
        assert len(model.started) == len(aws.registry.decisions(MODEL)) == 1
    assert deaths > 8  # it does read and write


def test_a_decision_whose_governor_died_is_carried_out_by_whoever_asks_next(
    aws: Aws, model: GovernedModel
) -> None:
    """Dying around a read, or before a write, leaves what the write before left: the writes are enough."""
    deaths = 0
    for _ in _deaths(aws, model, alarm("a"), when="after", writes=True):
        deaths += 1
        assert [each.retrain for each in aws.registry.decisions(MODEL)] == [True]
        assert model.started == []
        assert not model.ask(alarm("b"))["retrain"]
        check_consistent(aws, model)
        assert len(model.started) == 1
    assert deaths == 1  # one transaction is all that it writes


def _deaths(
    aws: Aws, model: GovernedModel, event: Document, *, when: When, writes: bool = False
) -> Iterator[int]:
    """For each call to DynamoDB: everything as it is now, and the governor having died at that call."""
    go_back, call = aws.remember(), 1
    while True:
        try:
            with aws.wire.failing(crash(aws.wire, call=call, when=when, writes=writes)):
                model.ask(event)
        except CrashError:
            yield call
        else:
            return
        go_back()
        model.workflows.started.clear()
        call += 1


class MortalWorkflows(FakeWorkflows):
    """The process dies at the start of the execution, before or after Step Functions has heard of it."""

    def __init__(self, of: FakeWorkflows, *, when: str) -> None:
        super().__init__()
        self.started, self.when = of.started, when

    def start(self, *, workflow: str, name: str, document: Document) -> str:
        if self.when == "after":
            super().start(workflow=workflow, name=name, document=document)
        raise CrashError(f"{self.when} StartExecution")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("next_event", ["the same", "another"])
def test_dying_at_the_start_of_the_training_is_made_up_for(
    aws: Aws, model: GovernedModel, when: When, next_event: str
) -> None:
    alive = model.workflows
    model.app.__dict__["workflows"] = MortalWorkflows(alive, when=when)
    with pytest.raises(CrashError):
        model.ask(alarm("a"))
    check_consistent(aws, model)
    assert len(model.started) == (when == "after")
    model.app.__dict__["workflows"] = alive
    model.pass_hours(0.2)
    model.ask(alarm("a" if next_event == "the same" else "b"))
    check_consistent(aws, model)
    assert model.started == [aws.registry.last_retraining(MODEL).run]  # type: ignore[union-attr]


@pytest.mark.parametrize("status", [None, 500])
def test_a_lost_acknowledgement_neither_repeats_nor_loses_a_decision(
    aws: Aws, model: GovernedModel, status: int | None
) -> None:
    with aws.wire.failing(lose_answer(aws.wire, TRANSACT, times=1, status=status)):
        answer = model.ask(upload(at=model.clock.now()))
    assert answer["retrain"]
    assert model.started == [answer["run"]]
    assert items(aws, "DECISION#") == items(aws, "RETRAINING#") == items(aws, "UPLOAD#") == 1


def test_when_no_acknowledgement_ever_comes_the_next_delivery_goes_on(aws: Aws, model: GovernedModel) -> None:
    with aws.wire.failing(lose_answer(aws.wire, TRANSACT)), pytest.raises(BackendUnavailableError):
        model.ask(alarm())
    assert model.started == []
    assert model.ask(alarm())["retrain"]
    assert len(model.started) == items(aws, "DECISION#") == 1


def test_refusals_are_retried_and_lasting_ones_change_nothing(aws: Aws, model: GovernedModel) -> None:
    with aws.wire.failing(reject(TRANSACT, "ThrottlingException", times=ATTEMPTS - 1)):
        assert model.ask(alarm("a"))["retrain"]
    with (
        aws.wire.failing(reject(TRANSACT, "ThrottlingException")),
        pytest.raises(BackendUnavailableError),
    ):
        model.ask(alarm("b"))
    assert items(aws, "DECISION#") == 1
    assert len(model.started) == 1
