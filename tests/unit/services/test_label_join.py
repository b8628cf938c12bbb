from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from lambdaloop.domain.captured import CapturedLabel
from lambdaloop.domain.labels import resolve_labels
from lambdaloop.domain.prediction_id import new_prediction_id
from lambdaloop.services.label_join import JoinLimits, LabelJoin

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
IDS = [new_prediction_id(START + timedelta(minutes=number)) for number in range(12)]


def label(place: int, actual: str = "yes", *, hours: int = 1) -> CapturedLabel:
    at = START + timedelta(hours=hours)
    return CapturedLabel(
        prediction_id=IDS[place], model="sample", actual=actual, observed_at=at, received_at=at
    )


def feed(join: LabelJoin, events: list[tuple[int, bytes] | CapturedLabel]) -> LabelJoin:
    for event in events:
        if isinstance(event, CapturedLabel):
            join.add_label(event)
        else:
            join.add_line(IDS[event[0]], event[1])
    return join


EVENTS = st.lists(
    st.tuples(st.integers(0, 11), st.sampled_from([b"one", b"two"]))
    | st.builds(label, st.integers(0, 11), st.sampled_from(["yes", "no"]), hours=st.integers(1, 3)),
    max_size=60,
)


@given(events=EVENTS, order=st.randoms(use_true_random=False))
def test_what_comes_out_depends_on_no_order_and_on_no_repetition(
    events: list[tuple[int, bytes] | CapturedLabel], order: object
) -> None:
    found = list(feed(LabelJoin(), events).joined())
    again = [*events, *events[:10]]
    order.shuffle(again)  # type: ignore[attr-defined]
    assert list(feed(LabelJoin(), again).joined()) == found
    lines: dict[str, bytes] = {}
    for event in events:
        if not isinstance(event, CapturedLabel):
            place, line = event
            lines[IDS[place]] = min(line, lines.get(IDS[place], line))
    labels = [event for event in events if isinstance(event, CapturedLabel)]
    wanted = sorted(lines.keys() & {each.prediction_id for each in labels})
    assert found == [(each, lines[each], resolve_labels(labels).labels.get(each)) for each in wanted]


def test_beyond_the_limit_the_newest_rows_are_kept() -> None:
    join = LabelJoin(limits=JoinLimits(rows=3))
    feed(join, [label(place) for place in range(12)])
    feed(join, [(place, b"line") for place in (5, 11, 2, 8, 0, 1, 3, 10)])
    assert [each for each, _, _ in join.joined()] == [IDS[8], IDS[10], IDS[11]]


def test_beyond_the_limit_the_line_that_was_met_last_goes_on_waiting() -> None:
    join = LabelJoin(limits=JoinLimits(waiting=2))
    feed(join, [(place, b"line") for place in (9, 8, 7)])
    feed(join, [label(place) for place in (7, 8, 9)])
    assert [each for each, _, _ in join.joined()] == [IDS[7], IDS[8]]


def test_beyond_the_limit_labels_of_the_oldest_predictions_go_with_their_rows() -> None:
    join = LabelJoin(limits=JoinLimits(labels=2))
    for place in (1, 5, 6):
        feed(join, [(place, b"line"), label(place)])
    assert [each for each, _, _ in join.joined()] == [IDS[5], IDS[6]]


def test_enough_newer_rows_make_older_ones_matter_no_more() -> None:
    join = LabelJoin(limits=JoinLimits(rows=2))
    feed(join, [label(place) for place in range(12)])
    feed(join, [(11, b"line"), (4, b"line")])
    assert not join.is_full_since(START + timedelta(minutes=5))
    assert join.is_full_since(START + timedelta(minutes=4))
    feed(join, [(10, b"line")])
    assert join.is_full_since(START + timedelta(minutes=5))
