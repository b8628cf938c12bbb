"""Alarms and events in words: what, since when, how bad, where to look, what to type next."""

from datetime import UTC, datetime
from typing import Any

import pytest

from lambdaloop.domain.alert import AlertState, after
from lambdaloop.domain.alert_message import message_of
from lambdaloop.domain.alert_rules import AlertPlan, of_alarm, of_happening
from lambdaloop.domain.happening import Happening

MODELS = ("churn", "churn-eu", "price")
COOL_DOWN = AlertPlan().cool_down


def alarm(name: str = "lambdaloop-churn-live-errors", state: str = "ALARM", **changes: Any) -> dict[str, Any]:
    return {
        "AlarmName": name,
        "AlarmDescription": "Predictions of churn fail",
        "NewStateValue": state,
        "NewStateReason": "Threshold Crossed: 1 datapoint [12.0 (02/03/26 11:55:00)] was greater than the threshold (0.0).",
        "StateChangeTime": "2026-03-02T12:00:00.123+0000",
        "Region": "US East (N. Virginia)",
        "Trigger": {"Threshold": 0.0, "EvaluationPeriods": 3, "DatapointsToAlarm": 2},
        **changes,
    }


def happening(kind: str, **data: Any) -> Happening:
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    return Happening(id=f"churn/EVENT#{kind}", kind=kind, model="churn", at=at, actor="ann", data=data)


def state_of(message: dict[str, Any]) -> AlertState:
    alert = of_alarm(message, models=MODELS, region="eu-west-1")
    assert alert is not None
    return after(alert, None, cool_down=COOL_DOWN)


def test_an_alarm_is_told_with_what_since_when_how_bad_where_and_what_next() -> None:
    message = message_of(state_of(alarm()).letters[0])
    assert message.title == "Critical: Predictions of churn fail"
    assert message.text == (
        "Critical: Predictions of churn fail\n"
        "\n"
        "About: churn\n"
        "Since: 2026-03-02 12:00 UTC\n"
        "Found: Threshold Crossed: 1 datapoint [12.0 (02/03/26 11:55:00)] was greater than the threshold (0.0). "
        "It takes 2 of 3 periods.\n"
        "\n"
        "Type next:\n"
        "  lambdaloop releases list churn\n"
        "\n"
        "Look here: https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1"
        "#alarmsV2:alarm/lambdaloop-churn-live-errors\n"
    )


def test_the_end_of_an_alarm_says_how_long_it_lasted_and_asks_for_nothing() -> None:
    began = state_of(alarm())
    ended = of_alarm(
        alarm(state="OK", StateChangeTime="2026-03-02T13:35:00.123+0000"), models=MODELS, region="eu-west-1"
    )
    assert ended is not None
    message = message_of(after(ended, began, cool_down=COOL_DOWN).letters[-1])
    assert message.title == "Over: Predictions of churn fail"
    assert ("Ended", "2026-03-02 13:35 UTC, after 95 minutes") in message.facts
    assert message.command is None


@pytest.mark.parametrize(
    ("name", "model", "kind"),
    [
        ("lambdaloop-churn-eu-live-errors", "churn-eu", "live-errors"),
        ("lambdaloop-churn-drift-share", "churn", "drift-share"),
        ("lambdaloop-churn-feature-drift.age", "churn", "feature-drift.age"),
    ],
)
def test_an_alarm_belongs_to_the_model_in_its_name(name: str, model: str, kind: str) -> None:
    alert = of_alarm(alarm(name), models=MODELS, region="r")
    assert alert is not None
    assert (alert.model, alert.key) == (model, f"{model}/{kind}")


def test_an_alarm_about_one_execution_has_happened_and_says_when_not_since_when() -> None:
    january, march = (
        of_alarm(
            alarm("lambdaloop-churn-watch-failed", StateChangeTime=f"2026-{month}-05T12:00:00.123+0000"),
            models=MODELS,
            region="r",
        )
        for month in ("01", "03")
    )
    assert january is not None
    assert march is not None
    state = after(march, after(january, None, cool_down=COOL_DOWN), cool_down=COOL_DOWN)
    message = message_of(state.letters[-1])
    assert ("At", "2026-03-05 12:00 UTC") in message.facts
    assert (message.document["phase"], message.document["since"][:10]) == ("happened", "2026-03-05")


def test_an_alarm_about_no_model_has_its_name_for_a_key() -> None:
    alert = of_alarm(alarm("lambdaloop-events-unpublished"), models=MODELS, region="r")
    assert alert is not None
    assert (alert.model, alert.key, alert.command) == (None, "lambdaloop-events-unpublished", None)


@pytest.mark.parametrize(
    "message", [alarm(state="INSUFFICIENT_DATA"), alarm("lambdaloop-churn-training-failed", "OK")]
)
def test_what_says_nothing_is_no_alert(message: dict[str, Any]) -> None:
    assert of_alarm(message, models=MODELS, region="r") is None


@pytest.mark.parametrize(
    ("event", "key", "severity", "command"),
    [
        (
            happening("release_rolled_back", release=4, version=7, outcome="5 of 9 requests failed"),
            "churn/release-failed",
            "warning",
            "lambdaloop releases show churn 4",
        ),
        (
            happening(
                "run_finished",
                run="r1",
                status="failed",
                outcome={"error": "DatasetEmptyError", "message": "no"},
            ),
            "churn/training-failed",
            "warning",
            "lambdaloop runs show churn r1",
        ),
        (
            happening("run_finished", run="r1", status="rejected", outcome={}),
            "churn/training-rejected",
            "info",
            "lambdaloop runs show churn r1",
        ),
        (
            happening("release_closed", release=4, version=7, outcome="all steps passed"),
            "churn/release-closed",
            "info",
            "lambdaloop releases show churn 4",
        ),
        (
            happening("release_returned", release=3, version=6, reason="wrong prices"),
            "churn/release-returned",
            "warning",
            "lambdaloop releases list churn",
        ),
        (
            happening("approval_asked", release=4, expires_at="2026-03-04T12:00:00+00:00"),
            "churn/approval-asked",
            "warning",
            "lambdaloop releases show churn 4",
        ),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
def test_events_that_people_care_about(event: Happening, key: str, severity: str, command: str) -> None:
    alert = of_happening(event, region="r")
    assert alert is not None
    assert (alert.key, alert.severity, alert.command, alert.phase) == (key, severity, command, "happened")
    assert alert.event


def test_other_events_are_nobodys_worry() -> None:
    assert of_happening(happening("window_judged", status="drift"), region="r") is None
