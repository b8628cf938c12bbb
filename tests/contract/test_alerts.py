"""What people were told: the fake and the table keep the same promises."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lambdaloop.adapters.dynamo_alerts import DynamoAlerts
from lambdaloop.adapters.dynamo_table import DynamoTable
from lambdaloop.domain.alert import Alert, AlertState, after
from lambdaloop.domain.errors import ConflictError
from lambdaloop.ports import AlertLog
from tests.contract.aws import TABLE, Aws
from tests.fakes.alerts import FakeAlertLog

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(params=["fake", "table"])
def log(request: pytest.FixtureRequest, aws: Aws) -> AlertLog:
    if request.param == "fake":
        return FakeAlertLog()
    return DynamoAlerts(DynamoTable(TABLE, client=aws.dynamodb))


def state(key: str = "churn/live-errors") -> AlertState:
    alert = Alert(
        id="a", key=key, severity="critical", phase="began", model="churn", at=NOON, what="Predictions fail"
    )
    return after(alert, None, cool_down=timedelta(hours=1))


def test_a_state_is_kept_as_it_was_and_replaced_as_a_whole(log: AlertLog) -> None:
    assert log.alert("churn/live-errors") is None
    first = replace(state(), held_until=NOON)
    [letter] = first.letters
    log.record_alert(first, before=None)
    assert log.alert(first.key) == first
    second = replace(
        first, revision=first.revision + 1, held_until=None, letters=(replace(letter, sent=("topic",)),)
    )
    log.record_alert(second, before=first)
    assert log.alert(first.key) == second


def test_of_two_who_read_the_same_state_one_writes(log: AlertLog) -> None:
    log.record_alert(state(), before=None)
    with pytest.raises(ConflictError, match="churn/live-errors"):
        log.record_alert(state(), before=None)
    newer = replace(state(), revision=9)
    log.record_alert(newer, before=state())
    with pytest.raises(ConflictError, match="churn/live-errors"):
        log.record_alert(newer, before=state())


def test_only_those_of_which_something_is_still_to_be_told_are_listed(log: AlertLog) -> None:
    told = replace(state("churn/a"), letters=())
    held = replace(state("churn/b"), letters=(), held_until=NOON)
    lacking = state("churn/c")
    for each in (told, held, lacking):
        log.record_alert(each, before=None)
    assert sorted(each.key for each in log.open_alerts()) == [held.key, lacking.key]
