"""Tells people what they have to know, once, through every channel."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from lambdaloop.domain.alert import Alert, AlertState, Letter, after, overdue
from lambdaloop.domain.alert_message import message_of
from lambdaloop.domain.alert_rules import reaches
from lambdaloop.domain.errors import AlertUndeliveredError
from lambdaloop.ports import AlertLog, AlertMetrics, AlertSender


def send_alert(
    alert: Alert,
    *,
    cool_down: timedelta,
    log: AlertLog,
    senders: Sequence[AlertSender],
    metrics: AlertMetrics,
) -> None:
    """Note the news, and deliver whatever is to be told about the same; doing so again reaches only whom it did not reach.

    ConflictError when somebody else notes news about the same at this moment; AlertUndeliveredError when a channel was not reached,
    after all others were.
    """
    before = log.alert(alert.key)
    state = after(alert, before, cool_down=cool_down)
    if state is not before:
        state = _open(state, senders)
        log.record_alert(state, before=before)
    _deliver([state], log=log, senders=senders, metrics=metrics)


def send_open_alerts(
    *, now: datetime, log: AlertLog, senders: Sequence[AlertSender], metrics: AlertMetrics
) -> int:
    """Deliver endings that were held back and have lasted, and what a channel did not take; about how many keys."""
    due = []
    for before in log.open_alerts():
        state = overdue(before, now)
        if state is not None:
            state = _open(state, senders)
            log.record_alert(state, before=before)
            due.append(state)
    _deliver(due, log=log, senders=senders, metrics=metrics)
    return len(due)


def _deliver(
    states: Iterable[AlertState], *, log: AlertLog, senders: Sequence[AlertSender], metrics: AlertMetrics
) -> None:
    """Each letter to whoever lacks it, in order: a channel that failed is left alone, so that nobody hears of an end before its beginning."""
    problems: dict[str, str] = {}
    for state in states:
        known = state
        for letter in state.letters:
            for sender in _lacking(letter, [each for each in senders if each.name not in problems]):
                try:
                    sender.send(message_of(letter))
                except AlertUndeliveredError as error:
                    problems[sender.name] = str(error)
                    metrics.failed(sender.name, str(error))
                else:
                    noted = _open(_sent(known, letter.alert.id, sender.name), senders)
                    log.record_alert(noted, before=known)
                    known = noted
    if problems:
        raise AlertUndeliveredError("; ".join(problems.values()))


def _sent(state: AlertState, alert: str, channel: str) -> AlertState:
    letters = tuple(
        replace(each, sent=(*each.sent, channel)) if each.alert.id == alert else each
        for each in state.letters
    )
    return replace(state, revision=state.revision + 1, letters=letters)


def _open(state: AlertState, senders: Sequence[AlertSender]) -> AlertState:
    """Without letters that everybody has."""
    return replace(state, letters=tuple(each for each in state.letters if _lacking(each, senders)))


def _lacking(letter: Letter, senders: Sequence[AlertSender]) -> list[AlertSender]:
    return [
        each
        for each in senders
        if each.name not in letter.sent and reaches(letter.alert.severity, each.least)
    ]
