"""An alert reaches every channel once, and one that is out of order does not keep it from the others."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lambdaloop.domain.alert import Alert, Severity
from lambdaloop.domain.errors import AlertUndeliveredError
from lambdaloop.services.send_alerts import send_alert, send_open_alerts
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
        return send_open_alerts(now=now, log=self.log, senders=self.senders, metrics=self.metrics)


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


def flapping(desk: Desk) -> None:
    for minute in (0, 10, 20):
        desk.take(began(minute))
        desk.take(ended(minute + 5))


def test_an_ending_that_was_held_back_is_told_once_it_has_lasted() -> None:
    topic = FakeSender("topic")
    desk = Desk(topic)
    flapping(desk)
    assert desk.let_go(NOON + timedelta(minutes=30)) == 0
    before = len(topic.messages)
    assert desk.let_go(NOON + timedelta(minutes=90)) == 1
    assert desk.let_go(NOON + timedelta(minutes=190)) == 0
    assert [each.title for each in topic.messages[before:]] == ["Over: churn drifts"]
    assert "this end has lasted" in topic.messages[-1].text


def test_an_ending_that_a_channel_did_not_take_is_sent_to_it_again_until_it_does() -> None:
    topic, chat = FakeSender("topic"), FakeSender("ops")
    desk = Desk(topic, chat)
    flapping(desk)
    chat.failures = 2
    for minutes in (90, 120):
        with pytest.raises(AlertUndeliveredError, match="'ops'"):
            desk.let_go(NOON + timedelta(minutes=minutes))
    assert desk.let_go(NOON + timedelta(minutes=150)) == 1
    assert [each.title for each in chat.messages] == [each.title for each in topic.messages]
    assert desk.let_go(NOON + timedelta(minutes=180)) == 0


def test_newer_news_do_not_take_the_place_of_what_a_channel_never_got() -> None:
    topic, chat = FakeSender("topic"), FakeSender("ops", failures=1)
    desk = Desk(topic, chat)
    with pytest.raises(AlertUndeliveredError):
        desk.take(began())
    desk.take(ended(1))
    desk.take(began())  # Lambda tries again
    for sender in (topic, chat):
        assert [each.title for each in sender.messages] == ["Warning: churn drifts", "Over: churn drifts"]


def test_nobody_hears_of_an_end_before_its_beginning() -> None:
    chat = FakeSender("ops", failures=2)
    desk = Desk(chat)
    for alert in (began(), ended(1)):
        with pytest.raises(AlertUndeliveredError):
            desk.take(alert)
    assert chat.messages == []
    desk.take(began())
    assert [each.title for each in chat.messages] == ["Warning: churn drifts", "Over: churn drifts"]


def test_a_channel_that_is_down_is_tried_once_however_much_it_lacks() -> None:
    chat = FakeSender("ops", failures=99)
    desk = Desk(chat)
    for alert in (began(), ended(1)):
        with pytest.raises(AlertUndeliveredError):
            desk.take(alert)
    assert len(desk.metrics.failures) == 2


def test_who_has_an_alert_is_noted_after_each_channel() -> None:
    topic, crashing = FakeSender("topic"), FakeSender("ops", crashes=1)
    desk = Desk(topic, crashing)
    with pytest.raises(RuntimeError):
        desk.take(began())
    desk.take(began())
    assert [len(topic.messages), len(crashing.messages)] == [1, 1]


def test_what_nobody_is_to_hear_of_is_not_kept() -> None:
    desk = Desk(FakeSender("topic", least="critical"))
    desk.take(began())
    assert desk.log.open_alerts() == []


def test_who_gets_a_message_of_their_own_about_it_gets_no_other() -> None:
    topic, chat = FakeSender("topic"), FakeSender("ops")
    Desk(topic, chat).take(replace(began(), told=("topic",)))
    assert [len(topic.messages), len(chat.messages)] == [0, 1]
