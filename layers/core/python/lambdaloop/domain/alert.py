"""An alert: what people are told, and when they are told again.

Bad news is never held back while people believe that all is well. What is held back is the same news again within the cool-down,
and good news about something that comes and goes, until it has lasted for one cool-down.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

Severity = Literal["info", "warning", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")
"""The least first."""
Phase = Literal["began", "ended", "happened"]

FLAPS = 3
"""Beginnings within one cool-down from which on something is said to come and go."""
_REMEMBERED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One piece of news."""

    id: str
    """The same for every delivery of what brought it."""
    key: str
    """What it is about, such as churn/live-errors: news with the same key belong together."""
    severity: Severity
    phase: Phase
    """An alarm begins and ends; a release that was rolled back has happened."""
    model: str | None = None
    at: datetime
    what: str
    """One line."""
    how_bad: str = ""
    """The figures, in words."""
    link: str | None = None
    command: str | None = None
    """What to type next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertState:
    """What is known, and what people were told, about one key."""

    schema: int = 1
    key: str
    revision: int = 0
    newest: Alert
    seen: tuple[str, ...] = ()
    """The ids of the newest news."""
    tells: bool = False
    """Whether the newest news are told …"""
    note: str = ""
    """… and what else is said then."""
    sent: tuple[str, ...] = ()
    """Channels that have them."""
    since: datetime | None = None
    """When what goes on, or has just ended, began."""
    told: Phase | None = None
    """What people believe; None before they were told anything."""
    told_at: datetime | None = None
    begun: tuple[datetime, ...] = ()
    """The newest beginnings."""
    muted: int = 0
    """Beginnings that were not told since something was."""
    held_until: datetime | None = None
    """An ending that is told when it has lasted until then."""


def after(alert: Alert, known: AlertState | None, *, cool_down: timedelta) -> AlertState:
    """The state after some news, which says whether they are told; the known one when they are not new."""
    if known is not None and (alert.id in known.seen or _is_late(alert, known)):
        return known
    before = known or AlertState(key=alert.key, newest=alert)
    begun = tuple(each for each in before.begun if alert.at - each < cool_down)
    state = replace(
        before,
        revision=before.revision + 1,
        newest=alert,
        seen=(*before.seen, alert.id)[-_REMEMBERED:],
        tells=False,
        note="",
        sent=(),
        since=before.since if before.newest.phase == "began" and before.since else alert.at,
        begun=begun if alert.phase == "ended" else (*begun, alert.at)[-_REMEMBERED:],
        held_until=None,
    )
    return _ended(state, cool_down) if alert.phase == "ended" else _began(state, cool_down)


def _is_late(alert: Alert, known: AlertState) -> bool:
    """Whether it says how an alarm was before its newest news; what has happened has happened, however late it is told."""
    return alert.phase != "happened" and alert.at < known.newest.at


def _began(state: AlertState, cool_down: timedelta) -> AlertState:
    alert, told_at = state.newest, state.told_at
    believed = state.told in ("began", "happened") and told_at is not None and alert.at - told_at < cool_down
    if alert.phase == "began" and believed:
        return replace(state, muted=state.muted + 1)
    notes = []
    if alert.phase == "began" and len(state.begun) >= FLAPS:
        notes.append(
            f"It comes and goes, {len(state.begun)} times in {words(cool_down)}: its end is told when it has lasted that long."
        )
    if state.muted:
        notes.append(f"Not told since the last message: {state.muted} more.")
    return replace(state, tells=True, note=" ".join(notes), told=alert.phase, told_at=alert.at, muted=0)


def _ended(state: AlertState, cool_down: timedelta) -> AlertState:
    if state.told != "began":
        return state
    if len(state.begun) >= FLAPS:
        return replace(state, held_until=state.newest.at + cool_down)
    return replace(state, tells=True, told="ended", told_at=state.newest.at, muted=0)


def overdue(state: AlertState, now: datetime) -> AlertState | None:
    """The state in which an ending is told that was held back and has lasted; None where there is none."""
    if state.held_until is None or now < state.held_until:
        return None
    return replace(
        state,
        revision=state.revision + 1,
        tells=True,
        note=f"It came and went {state.muted + 1} times; this end has lasted.",
        sent=(),
        told="ended",
        told_at=now,
        muted=0,
        held_until=None,
    )


def words(span: timedelta) -> str:
    """A length of time for people.

    >>> words(timedelta(minutes=90)), words(timedelta(hours=5)), words(timedelta(days=3))
    ('90 minutes', '5 hours', '3 days')
    """
    minutes = round(span.total_seconds() / 60)
    if minutes < 120:
        return f"{minutes} minute{'' if minutes == 1 else 's'}"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // 1440} days"
