"""An alert: what people are told, and when they are told again.

Bad news is never held back while people believe that all is well. What is held back is the same news again within the cool-down,
and good news about something that comes and goes, until it has lasted for one cool-down.

What is told is a letter, which is kept until every channel has it: newer news do not take its place.
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
IN_HAND = timedelta(minutes=15)
"""As long, a letter is left to the event that brought it, which Lambda hands over three times."""
KEPT = timedelta(days=1)
"""After that a letter is given up: what a channel refuses each time is not tried for ever."""


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
    event: bool = False
    """Events tell each time of something else; alarms say the same again, or what an event said before them."""
    model: str | None = None
    at: datetime
    what: str
    """One line."""
    how_bad: str = ""
    """The figures, in words."""
    link: str | None = None
    command: str | None = None
    """What to type next."""
    told: tuple[str, ...] = ()
    """Channels that get a message of their own about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is told, until every channel has it."""

    alert: Alert
    since: datetime
    """When what goes on, or has just ended, began."""
    note: str = ""
    """What else is said."""
    at: datetime
    """When it was to be told."""
    sent: tuple[str, ...] = ()
    """Channels that have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertState:
    """What is known, and what people were told, about one key."""

    schema: int = 1
    key: str
    revision: int = 0
    newest: Alert
    seen: tuple[str, ...] = ()
    """The ids of the newest news."""
    letters: tuple[Letter, ...] = ()
    """What not every channel has yet; the oldest first."""
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
    """The state after some news, with a letter where they are told; the known one when they are not new."""
    if known is not None and (alert.id in known.seen or _is_late(alert, known)):
        return known
    before = known or AlertState(key=alert.key, newest=alert)
    begun = tuple(each for each in before.begun if alert.at - each < cool_down)
    state = replace(
        before,
        revision=before.revision + 1,
        newest=alert,
        seen=(*before.seen, alert.id)[-_REMEMBERED:],
        since=_since(alert, before),
        begun=begun if alert.phase == "ended" else (*begun, alert.at)[-_REMEMBERED:],
        held_until=None,
    )
    if alert.phase == "ended":
        return _ended(state, cool_down)
    if not alert.event and _believed(state, cool_down):
        # The first alarm after an event rings because of it, and is nothing more.
        return state if before.newest.event else replace(state, muted=state.muted + 1)
    return _began(state, cool_down)


def _since(alert: Alert, before: AlertState) -> datetime:
    goes_on = before.newest.phase == "began" and alert.phase != "happened"
    return before.since if goes_on and before.since else alert.at


def _is_late(alert: Alert, known: AlertState) -> bool:
    """Whether it says how an alarm was before its newest news; what has happened has happened, however late it is told."""
    return alert.phase != "happened" and alert.at < known.newest.at


def _believed(state: AlertState, cool_down: timedelta) -> bool:
    """Whether people were told of it a short while ago, and not of its end."""
    bad = state.told in ("began", "happened")
    return bad and state.told_at is not None and state.newest.at - state.told_at < cool_down


def _began(state: AlertState, cool_down: timedelta) -> AlertState:
    notes = _untold(state)
    if state.newest.phase == "began" and len(state.begun) >= FLAPS:
        notes.insert(
            0, f"It comes and goes, {_times(state, cool_down)}: its end is told when it has lasted that long."
        )
    return _telling(state, notes, at=state.newest.at)


def _ended(state: AlertState, cool_down: timedelta) -> AlertState:
    if state.told != "began":
        return state
    if len(state.begun) >= FLAPS:
        return replace(state, held_until=state.newest.at + cool_down)
    return _telling(state, _untold(state), at=state.newest.at)


def _telling(state: AlertState, notes: list[str], *, at: datetime) -> AlertState:
    """The state with a letter about its newest news."""
    alert = state.newest
    letter = Letter(alert=alert, since=state.since or alert.at, note=" ".join(notes), at=at, sent=alert.told)
    letters = (*state.letters, letter)[-_REMEMBERED:]
    return replace(state, letters=letters, told=alert.phase, told_at=at, muted=0)


def _untold(state: AlertState) -> list[str]:
    return [f"Not told since the last message: {state.muted} more."] if state.muted else []


def _times(state: AlertState, span: timedelta) -> str:
    more = " or more" if len(state.begun) == _REMEMBERED else ""
    return f"{len(state.begun)} times{more} in {words(span)}"


def overdue(state: AlertState, now: datetime) -> AlertState | None:
    """The state whose letters are to be delivered now; None where nothing is due.

    Due is an ending that was held back and has lasted, and a letter that a channel has not got for some time.
    """
    held = state.held_until
    lasted = held is not None and now >= held
    if not lasted and not any(now - each.at >= IN_HAND for each in state.letters):
        return None
    letters = tuple(each for each in state.letters if now - each.at < KEPT)
    due = replace(state, revision=state.revision + 1, letters=letters)
    if held is None or not lasted:
        return due
    note = f"It came and went {_times(due, held - due.newest.at)}; this end has lasted."
    return replace(_telling(due, [note], at=now), held_until=None)


def words(span: timedelta) -> str:
    """A length of time for people.

    >>> words(timedelta(minutes=90)), words(timedelta(hours=5)), words(timedelta(days=3))
    ('90 minutes', '5 hours', '3 days')
    """
    minutes = round(span.total_seconds() / 60)
    if minutes < 120:
        return f"{minutes} minute{'' if minutes == 1 else 's'}"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // 1440} days"
