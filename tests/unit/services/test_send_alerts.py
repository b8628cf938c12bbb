"""An alert reaches every channel once, and one that is out of order does not keep it from the others."""

from datetime import UTC, datetime, timedelta

import pytest

from lambdaloop.domain.alert import Alert, Severity
from lambdaloop.domain.errors import AlertUndeliveredError
from lambdaloop.services.send_alerts import send_alert, send_held_alerts
from tests.fakes.alerts import FakeAlertLog, FakeAlertMetrics, FakeSender

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Desk:
    """The service with everything around it."""

    def __init__(self, *senders: FakeSender) -> None:
        self.log, self.metrics, self.senders = FakeAlertLog(), FakeAlertMetrics(), senders

    def take(self, alert: Alert) -> None:
        send_alert(
            alert, cool_down=timedelta(hours=1), log=self.log, senders=self.senders, metrics=self.metrics
        )

    def let_go(self, now: datetime) -> int:
        return send_held_alerts(now=now, log=self.log, senders=self.senders, metrics=self.metrics)


def began(minutes: int = 0, *, severity: Severity = "warning") -> Alert:
    return _news(minutes, severity, ended=False)


def ended(minutes: int) -> Alert:
    return _news(minutes, "warning", ended=True)


def _news(minutes: int, severity: Severity, *, ended: bool) -> Alert:
    return Alert(
        id=f"a@{minutes}",
        key="churn/drift-share",
        severity=severity,
        phase="ended" if ended else "began",
        model="churn",
        at=NOON + timedelta(minutes=minutes),
        what="churn drifts",
    )


def test_an_alert_that_comes_twice_is_told_once() -> None:
    topic, chat = FakeSender("topic"), FakeSender("ops")
    desk = Desk(topic, chat)
    desk.take(began())
    desk.take(began())
    assert [len(topic.messages), len(chat.messages)] == [1, 1]


def test_a_channel_that_fails_does_not_stop_the_others_and_alone_gets_it_again() -> None:
    broken, topic = FakeSender("ops", failures=1), FakeSender("topic")
    desk = Desk(broken, topic)
    with pytest.raises(AlertUndeliveredError, match="'ops': it answered 500"):
        desk.take(began())
    assert desk.metrics.failures == ["ops"]
    assert len(topic.messages) == 1
    desk.take(began())  # Lambda tries again
    assert [len(broken.messages), len(topic.messages)] == [1, 1]


def test_a_channel_hears_only_of_what_is_bad_enough_for_it() -> None:
    pager, log = FakeSender("pager", least="critical"), FakeSender("log", least="info")
    desk = Desk(pager, log)
    desk.take(began(severity="warning"))
    assert [len(pager.messages), len(log.messages)] == [0, 1]


def test_news_that_are_late_change_nothing() -> None:
    topic = FakeSender("topic")
    desk = Desk(topic)
    desk.take(ended(10))
    desk.take(began(5))
    assert topic.messages == []
    assert desk.log.states["churn/drift-share"].newest == ended(10)


def test_an_ending_that_was_held_back_is_told_once_it_has_lasted() -> None:
    topic = FakeSender("topic")
    desk = Desk(topic)
    for minute in (0, 10, 20):
        desk.take(began(minute))
        desk.take(ended(minute + 5))
    assert desk.let_go(NOON + timedelta(minutes=30)) == 0
    before = len(topic.messages)
    assert desk.let_go(NOON + timedelta(minutes=90)) == 1
    assert desk.let_go(NOON + timedelta(minutes=91)) == 0
    assert [each.title for each in topic.messages[before:]] == ["Over: churn drifts"]
    assert "this end has lasted" in topic.messages[-1].text
