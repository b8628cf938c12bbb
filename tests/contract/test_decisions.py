"""What every decision log promises, in memory and on DynamoDB."""

from datetime import timedelta
from typing import Any

import pytest

from lambdaloop.domain.decision import Decision, DecisionCheck
from lambdaloop.domain.errors import DecisionOutdatedError
from tests.fakes.decisions import InMemoryDecisions
from tests.fakes.samples import MODEL, MORNING

Log = Any  # InMemoryDecisions or DynamoRegistry


@pytest.fixture(params=["fake", "dynamodb"])
def log(request: pytest.FixtureRequest) -> Log:
    return InMemoryDecisions() if request.param == "fake" else request.getfixturevalue("aws").registry


def decided(
    identity: str = "watch-1", *, minutes: float = 0, retrain: bool = False, **changes: Any
) -> Decision:
    at = MORNING + timedelta(minutes=minutes)
    values: dict[str, Any] = {
        "model": MODEL,
        "at": at,
        "cause": "watch",
        "requested_by": "governor",
        "asked_at": at,
        "retrain": retrain,
        "reason": "retrained because of drift" if retrain else "not retrained because nothing is wrong",
        "run": f"run-of-{identity}" if retrain else None,
        "captured_until": at if retrain else None,
    }
    return Decision(id=identity, **{**values, **changes})


def test_a_decision_reads_back_as_it_was_recorded(log: Log) -> None:
    decision = decided(
        retrain=True,
        checks=(DecisionCheck(name="persistence", passed=True, reason="drift in 2 of the last 3 windows"),),
        inputs={"new_labels": 512, "windows": [{"status": "drift", "drift_share": 0.25, "drop": None}]},
    )
    assert log.record_decision(decision, since=None)
    assert log.decision(MODEL, "watch-1") == log.last_retraining(MODEL) == decision
    assert log.decisions(MODEL) == [decision]


def test_nothing_was_decided_at_first(log: Log) -> None:
    assert log.decision(MODEL, "watch-1") is None
    assert log.last_retraining(MODEL) is None
    assert log.last_upload(MODEL) is None
    assert log.decisions(MODEL) == []


@pytest.mark.parametrize("retrain", [False, True])
def test_an_event_is_decided_about_once(log: Log, *, retrain: bool) -> None:
    first = decided(retrain=retrain)
    assert log.record_decision(first, since=None)
    assert not log.record_decision(decided(minutes=5, retrain=not retrain), since=None)
    assert log.decision(MODEL, "watch-1") == first
    assert len(log.decisions(MODEL)) == 1


def test_the_last_retraining_is_the_newest_one_whatever_was_refused_since(log: Log) -> None:
    first, second = decided("a", retrain=True), decided("b", minutes=1, retrain=True)
    log.record_decision(first, since=None)
    log.record_decision(second, since=first)
    log.record_decision(decided("c", minutes=2), since=second)
    assert log.last_retraining(MODEL) == second


def test_a_retraining_that_was_decided_without_knowing_the_last_one_is_outdated(log: Log) -> None:
    first, second = decided("a", retrain=True), decided("b", minutes=1, retrain=True)
    log.record_decision(first, since=None)
    with pytest.raises(DecisionOutdatedError):
        log.record_decision(decided("x", minutes=1, retrain=True), since=None)
    log.record_decision(second, since=first)
    with pytest.raises(DecisionOutdatedError):
        log.record_decision(decided("x", minutes=2, retrain=True), since=first)
    assert log.decision(MODEL, "x") is None
    assert log.last_retraining(MODEL) == second


def test_a_refusal_needs_to_know_nothing(log: Log) -> None:
    log.record_decision(decided("a", retrain=True), since=None)
    assert log.record_decision(decided("x", minutes=1), since=None)


def test_they_are_listed_newest_first_up_to_the_limit(log: Log) -> None:
    for minutes in (3, 1, 2):
        log.record_decision(decided(f"e-{minutes}", minutes=minutes), since=None)
    assert [each.id for each in log.decisions(MODEL)] == ["e-3", "e-2", "e-1"]
    assert [each.id for each in log.decisions(MODEL, limit=2)] == ["e-3", "e-2"]


def test_quiet_ones_can_be_left_out_and_do_not_count_then(log: Log) -> None:
    for minutes in range(6):
        log.record_decision(decided(f"e-{minutes}", minutes=minutes, quiet=minutes > 1), since=None)
    assert [each.id for each in log.decisions(MODEL, limit=2, quiet=False)] == ["e-1", "e-0"]
    assert len(log.decisions(MODEL)) == 6


def test_decisions_of_one_moment_are_all_kept(log: Log) -> None:
    for identity in ("a", "b", "c"):
        log.record_decision(decided(identity), since=None)
    assert {each.id for each in log.decisions(MODEL)} == {"a", "b", "c"}


def test_the_newest_upload_is_known_in_whatever_order_uploads_are_told(log: Log) -> None:
    for identity, minutes in (("a", 1), ("b", 3), ("c", 2)):
        upload = decided(identity, minutes=10, cause="data", asked_at=MORNING + timedelta(minutes=minutes))
        log.record_decision(upload, since=None)
    assert log.last_upload(MODEL) == MORNING + timedelta(minutes=3)


def test_models_have_decisions_of_their_own(log: Log) -> None:
    log.record_decision(decided(retrain=True), since=None)
    other = decided(retrain=True, model="other")
    assert log.record_decision(other, since=None)
    assert log.last_retraining("other") == other
    assert [each.model for each in log.decisions("other")] == ["other"]
