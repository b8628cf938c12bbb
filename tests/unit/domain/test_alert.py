"""What people are told of an alarm that begins, stays, ends, and comes and goes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from lambdaloop.domain.alert import Alert, AlertState, Phase, after, overdue

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def news(phase: Phase, minutes: float, identity: str | None = None, *, event: bool = False) -> Alert:
    return Alert(
        id=identity or f"{phase}@{minutes}",
        key="churn/live-errors",
        severity="critical",
        phase=phase,
        event=event,
        model="churn",
        at=NOON + timedelta(minutes=minutes),
        what="Predictions of churn fail",
    )


def event(minutes: float, identity: str) -> Alert:
    return news("happened", minutes, identity, event=True)


def told(*alerts: Alert) -> tuple[list[Alert], AlertState]:
    """The news that are told, and the state in the end, in which nobody has them yet."""
    state: AlertState | None = None
    for alert in alerts:
        state = after(alert, state, cool_down=HOUR)
    assert state is not None
    return [each.alert for each in state.letters], state


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
    assert state.letters[-1].note == "Not told since the last message: 2 more."


def test_an_end_says_how_often_it_began_again_in_between() -> None:
    _, state = told(news("began", 0), news("began", 30), news("ended", 40))
    assert state.letters[-1].note == "Not told since the last message: 1 more."


def test_bad_news_after_good_news_is_told_at_once_whatever_the_cool_down() -> None:
    alerts = [news("began", 0), news("ended", 5), news("began", 6)]
    assert told(*alerts)[0] == alerts


def test_what_comes_and_goes_is_told_to_be_over_only_when_it_has_lasted() -> None:
    alerts = [news("began", 0), news("ended", 5), news("began", 10), news("ended", 15), news("began", 20)]
    flapping = [*alerts, news("ended", 25)]
    heard, state = told(*flapping)
    assert heard == alerts
    assert "3 times in 60 minutes" in told(*alerts)[1].letters[-1].note
    state = replace(state, letters=())  # everybody has them
    assert overdue(state, NOON + timedelta(minutes=84)) is None
    over = overdue(state, NOON + timedelta(minutes=85))
    assert over is not None
    assert (over.told, over.held_until) == ("ended", None)
    [letter] = over.letters
    assert letter.alert == flapping[-1]
    assert letter.note == "It came and went 3 times in 60 minutes; this end has lasted."
    assert overdue(replace(over, letters=()), NOON + timedelta(days=1)) is None


def test_of_many_beginnings_no_more_are_claimed_than_are_known() -> None:
    _, state = told(*(news(("began", "ended")[n % 2], n) for n in range(24)))
    over = overdue(state, NOON + timedelta(hours=2))
    assert over is not None
    assert over.letters[-1].note.startswith("It came and went 10 times or more in 60 minutes")


def test_a_letter_is_left_to_its_event_for_a_while_then_delivered_again_and_given_up_after_a_day() -> None:
    _, state = told(news("began", 0))
    assert overdue(state, NOON + timedelta(minutes=14)) is None
    late = overdue(state, NOON + timedelta(minutes=15))
    assert late is not None
    assert late.letters == state.letters
    tomorrow = overdue(late, NOON + timedelta(days=1))
    assert tomorrow is not None
    assert tomorrow.letters == ()


def test_an_ending_that_is_held_back_is_dropped_when_it_begins_again() -> None:
    pairs = [(("began", "ended")[n % 2], 5.0 * n) for n in range(6)]
    alerts = [news("began" if phase == "began" else "ended", minute) for phase, minute in pairs]
    _, state = told(*alerts, news("began", 40))
    assert state.held_until is None
    assert state.told == "began"


def test_an_alarm_is_not_told_when_the_event_behind_it_was_and_counts_as_nothing_more() -> None:
    first, second = event(0, "churn/EVENT#1"), event(90, "churn/EVENT#2")
    heard, state = told(first, news("happened", 5, "alarm@5"), second)
    assert heard == [first, second]
    assert state.letters[-1].note == ""


def test_an_alarm_that_no_event_explains_is_counted() -> None:
    alarms = [news("happened", minutes, f"alarm@{minutes}") for minutes in (5, 40)]
    _, state = told(event(0, "a"), *alarms, event(90, "b"))
    assert state.letters[-1].note == "Not told since the last message: 1 more."


def test_an_event_is_told_after_its_alarm_too_for_it_says_more() -> None:
    alerts = [news("happened", 0, "alarm@0"), event(1, "churn/EVENT#1")]
    assert told(*alerts)[0] == alerts


def test_what_happens_while_an_alarm_goes_on_has_a_time_of_its_own() -> None:
    _, state = told(news("began", 0), event(5, "a"))
    assert state.letters[-1].since == NOON + timedelta(minutes=5)


def test_two_events_are_two_pieces_of_news_however_close() -> None:
    alerts = [event(0, "a"), event(1, "b")]
    heard, _ = told(alerts[0], alerts[1], alerts[0])
    assert heard == alerts


def test_what_an_alarm_was_before_is_no_news_but_what_happened_before_is() -> None:
    late = news("began", -5)
    assert told(news("began", 0), news("ended", 5), late)[0][-1] != late
    happened = event(-5, "x")
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
