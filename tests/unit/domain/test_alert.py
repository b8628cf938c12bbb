"""What people are told of an alarm that begins, stays, ends, and comes and goes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from lambdaloop.domain.alert import Alert, AlertState, Phase, after, overdue

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def news(phase: Phase, minutes: float, identity: str | None = None) -> Alert:
    return Alert(
        id=identity or f"{phase}@{minutes}",
        key="churn/live-errors",
        severity="critical",
        phase=phase,
        model="churn",
        at=NOON + timedelta(minutes=minutes),
        what="Predictions of churn fail",
    )


def told(*alerts: Alert) -> tuple[list[Alert], AlertState]:
    """The news that are told, and the state in the end."""
    state: AlertState | None = None
    heard = []
    for alert in alerts:
        new = after(alert, state, cool_down=HOUR)
        if new is not state and new.tells:
            heard.append(alert)
        state = new
    assert state is not None
    return heard, state


def test_the_beginning_and_the_end_of_an_alarm_are_told_once() -> None:
    alerts = [news("began", 0), news("ended", 20)]
    heard, state = told(alerts[0], alerts[0], alerts[1], alerts[1])
    assert heard == alerts
    assert state.since == NOON


def test_the_end_of_what_nobody_heard_of_is_no_news() -> None:
    assert told(news("ended", 0))[0] == []


def test_the_same_again_within_the_cool_down_is_counted_and_told_later() -> None:
    again = news("began", 90)
    heard, state = told(news("began", 0), news("began", 30), news("began", 40), again)
    assert heard == [news("began", 0), again]
    assert state.note == "Not told since the last message: 2 more."


def test_bad_news_after_good_news_is_told_at_once_whatever_the_cool_down() -> None:
    alerts = [news("began", 0), news("ended", 5), news("began", 6)]
    assert told(*alerts)[0] == alerts


def test_what_comes_and_goes_is_told_to_be_over_only_when_it_has_lasted() -> None:
    alerts = [news("began", 0), news("ended", 5), news("began", 10), news("ended", 15), news("began", 20)]
    flapping = [*alerts, news("ended", 25)]
    heard, state = told(*flapping)
    assert heard == alerts
    assert "3 times in 60 minutes" in told(*alerts)[1].note
    assert overdue(state, NOON + timedelta(minutes=84)) is None
    over = overdue(state, NOON + timedelta(minutes=85))
    assert over is not None
    assert (over.tells, over.told, over.held_until) == (True, "ended", None)
    assert overdue(over, NOON + timedelta(days=1)) is None


def test_an_ending_that_is_held_back_is_dropped_when_it_begins_again() -> None:
    pairs = [(("began", "ended")[n % 2], 5.0 * n) for n in range(6)]
    alerts = [news("began" if phase == "began" else "ended", minute) for phase, minute in pairs]
    _, state = told(*alerts, news("began", 40))
    assert state.held_until is None
    assert state.told == "began"


def test_an_alarm_is_not_told_when_the_event_behind_it_was() -> None:
    rolled_back = news("happened", 0, "churn/EVENT#1")
    heard, _ = told(rolled_back, news("began", 5))
    assert heard == [rolled_back]


def test_two_events_are_two_pieces_of_news_however_close() -> None:
    alerts = [news("happened", 0, "a"), news("happened", 1, "b")]
    heard, _ = told(alerts[0], alerts[1], alerts[0])
    assert heard == alerts


def test_what_an_alarm_was_before_is_no_news_but_what_happened_before_is() -> None:
    late = news("began", -5)
    assert told(news("began", 0), news("ended", 5), late)[0][-1] != late
    happened = news("happened", -5, "x")
    assert told(news("began", 0), happened)[0][-1] == happened


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 90)), min_size=1, max_size=30))
def test_people_never_believe_that_all_is_well_while_it_is_not(steps: list[tuple[bool, int]]) -> None:
    state: AlertState | None = None
    minute = 0
    for begins, minutes in steps:
        minute += minutes
        alert = news("began" if begins else "ended", minute)
        state = after(alert, state, cool_down=HOUR)
        state = overdue(state, alert.at) or state
        if begins:
            assert state.told == "began"
        later = overdue(state, alert.at + 2 * HOUR) or state
        if not begins:
            assert later.told in (None, "ended"), "and in the end they hear that it is over"


def test_a_state_survives_being_stored() -> None:
    from lambdaloop.domain.documents import from_document, to_document

    _, state = told(news("began", 0), news("ended", 5))
    assert from_document(AlertState, to_document(state)) == replace(state)
