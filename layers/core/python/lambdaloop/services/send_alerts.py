"""Tells people what they have to know, once, through every channel."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from lambdaloop.domain.alert import Alert, AlertState, after, overdue
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
) -> AlertState:
    """Note the news, and tell them where they are to be told; doing so again reaches only whom it did not reach.

    ConflictError when somebody else notes news about the same at this moment; AlertUndeliveredError when a channel was not reached,
    after all others were.
    """
    before = log.alert(alert.key)
    state = after(alert, before, cool_down=cool_down)
    if state is not before:
        log.record_alert(state, before=before)
    elif before is not None and before.newest.id != alert.id:
        return before  # older news
    return _deliver(state, log=log, senders=senders, metrics=metrics)


def send_held_alerts(
    *, now: datetime, log: AlertLog, senders: Sequence[AlertSender], metrics: AlertMetrics
) -> int:
    """Tell the endings that were held back and have lasted; how many there were."""
    told = 0
    for before in log.held_alerts():
        state = overdue(before, now)
        if state is not None:
            log.record_alert(state, before=before)
            _deliver(state, log=log, senders=senders, metrics=metrics)
            told += 1
    return told


def _deliver(
    state: AlertState, *, log: AlertLog, senders: Sequence[AlertSender], metrics: AlertMetrics
) -> AlertState:
    if not state.tells:
        return state
    message = message_of(state)
    reached, problems = list(state.sent), []
    for sender in senders:
        if sender.name in reached or not reaches(state.newest.severity, sender.least):
            continue
        try:
            sender.send(message)
        except AlertUndeliveredError as error:
            metrics.failed(sender.name, str(error))
            problems.append(str(error))
        else:
            reached.append(sender.name)
    noted = _sent(state, reached)
    if noted is not state:
        log.record_alert(noted, before=state)
    if problems:
        raise AlertUndeliveredError("; ".join(problems))
    return noted


def _sent(state: AlertState, reached: Sequence[str]) -> AlertState:
    if tuple(reached) == state.sent:
        return state
    return replace(state, sent=tuple(reached), revision=state.revision + 1)
