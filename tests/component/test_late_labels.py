"""Labels come late, twice, in any order, contradict each other, or belong to nothing; none of that shows afterwards."""

import random
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdaloop.domain.capture_layout import DAY, HOUR
from lambdaloop.domain.documents import Document, to_document
from lambdaloop.domain.summary import LogCounts
from tests.fakes.samples import MODEL, MORNING
from tests.fakes.watched_model import Made, WatchedModel, rows, watched_definition

AN_HOUR_AGO = MORNING - HOUR


@pytest.fixture
def model() -> WatchedModel:
    return WatchedModel()


def csv(*lines: str, header: str = "prediction_id,actual,observed_at") -> bytes:
    return "\n".join((header, *lines)).encode() + b"\n"


def test_labels_that_come_days_later_open_exactly_their_hours_again() -> None:
    model = WatchedModel(watched_definition(performance_hours=168))
    made = model.predict(rows(200))
    model.deliver(each.line for each in made)
    assert model.watch().performance is None
    model.clock.advance(3 * 86_400)
    model.deliver(model.labels(made, after=3 * DAY - HOUR))
    report = model.watch()
    assert report.new_labels == 200
    assert report.performance is not None
    assert report.performance.rows == 200
    assert model.hour().counts.labelled == 200


def test_of_two_labels_the_later_observation_counts_and_conflicts_are_counted(model: WatchedModel) -> None:
    made = model.predict(rows(3))
    first, second, third = (each.prediction_id for each in made)
    at = MORNING - timedelta(minutes=30)
    model.deliver(
        [
            *(each.line for each in made),
            model.label(first, "no", observed_at=at),
            model.label(first, "yes", observed_at=at + timedelta(minutes=1)),
            model.label(second, "no", observed_at=at),
            model.label(second, "yes", observed_at=at),
            model.label(third, "no", observed_at=at),
            model.label(third, "no", observed_at=at),
        ]
    )
    report = model.watch()
    assert model.hour().counts == LogCounts(predictions=3, labelled=2, conflicting=1)
    assert report.new_labels == 2
    model.deliver([model.label(second, "no", observed_at=at + timedelta(minutes=2))])
    assert model.watch(MORNING + timedelta(minutes=1)).new_labels == 1
    assert model.hour().counts == LogCounts(predictions=3, labelled=3)


def test_labels_of_unknown_predictions_wait_until_these_come(model: WatchedModel) -> None:
    made = model.predict(rows(5))
    model.deliver(model.labels(made, after=timedelta(0)))
    report = model.watch()
    assert (report.unknown_labels, report.new_labels) == (5, 0)
    assert model.hour().counts == LogCounts(unknown=5)
    model.clock.advance(3600)
    model.deliver(each.line for each in made)
    report = model.watch()
    assert (report.unknown_labels, report.new_labels, report.new_rows) == (0, 5, 5)
    assert model.hour().counts == LogCounts(predictions=5, labelled=5)


def test_labels_that_come_too_late_are_counted_as_expired_and_not_scored() -> None:
    model = WatchedModel(watched_definition(label_days=2))
    made = model.predict(rows(5))
    model.deliver(each.line for each in made)
    model.watch()
    model.clock.advance(3 * 86_400)
    model.deliver(model.labels(made, after=3 * DAY))
    late_file = [f"{each.prediction_id},yes," for each in made]
    model.datasets.upload(f"feedback/{MODEL}/late.csv", csv(*late_file))
    report = model.watch()
    assert (report.expired_labels, report.new_labels, report.quarantined) == (10, 0, 0)
    assert model.hour().counts == LogCounts(predictions=5)


def test_a_label_that_the_version_does_not_know_is_not_scored() -> None:
    model = WatchedModel()
    made = model.predict(rows(2))
    at = MORNING - timedelta(minutes=1)
    lines = [model.label(each.prediction_id, "maybe", observed_at=at) for each in made]
    model.deliver([*(each.line for each in made), *lines])
    assert model.watch().quarantined == 2
    assert "actual is no value of the target: 'maybe'" in model.quarantined()[0]["reason"]


def test_files_of_labels_are_read_and_each_version_once(model: WatchedModel) -> None:
    made = model.predict(rows(4))
    model.deliver(each.line for each in made)
    ids = [each.prediction_id for each in made]
    at = (MORNING - timedelta(minutes=30)).isoformat()
    key = f"feedback/{MODEL}/march.csv"
    model.datasets.upload(
        key,
        csv(
            f"{ids[0]},yes,{at}",
            f'{ids[1]},"no",{at}',
            "",
            f"{ids[2]},maybe,{at}",
            f"{ids[2]},yes,yesterday",
            "order-7,yes,",
            f"{ids[2]},yes",
            '"unfinished',
        ),
    )
    report = model.watch()
    assert (report.new_labels, report.quarantined, report.lines) == (2, 5, 11)
    model.clock.advance(60)
    model.datasets.upload(key, csv(*(f"{each},yes" for each in ids), header="prediction_id,actual"))
    report = model.watch()
    assert (report.new_labels, report.quarantined) == (2, 0)
    assert model.hour().counts == LogCounts(predictions=4, labelled=4)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"id,label\n1,2\n",
        b"prediction_id,prediction_id,actual\n",
        "prediction_id,actual\n".encode("utf-16"),
    ],
)
def test_a_file_without_the_wanted_header_is_told_about(model: WatchedModel, content: bytes) -> None:
    model.datasets.upload(f"feedback/{MODEL}/strange.csv", content)
    assert model.watch().quarantined == 1
    assert "the header must name prediction_id, actual" in model.quarantined()[0]["reason"]


def rounded(value: Any) -> Any:
    """Sums of floats depend on the order of their terms, in the last digits."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items() if key != "profiled"}
    return [rounded(each) for each in value] if isinstance(value, list) else value


def known(model: WatchedModel, *hours: Any) -> list[Document]:
    """What the summaries of these hours hold."""
    return [rounded(to_document(model.hour(hour))) for hour in hours]


def shuffled(model: WatchedModel, made: list[Made], seed: int) -> WatchedModel:
    """The same lines, some of them twice, in another order and other objects, watched at other times."""
    chance = random.Random(seed)
    other = WatchedModel()
    at = MORNING - timedelta(minutes=20)
    labels = [
        *model.labels(made[:30], after=timedelta(minutes=10)),
        *(model.label(each.prediction_id, "no", observed_at=at) for each in made[20:35]),
        *(model.label(each.prediction_id, "yes", observed_at=at) for each in made[25:40]),
        label_of_nobody(model),
    ]
    lines = [each.line for each in made] + labels
    lines += chance.sample(lines, len(lines) // 3)
    if seed:
        chance.shuffle(lines)
    pieces = 1 + seed % 5
    for piece in range(pieces):
        other.deliver(lines[piece::pieces], at=MORNING - chance.choice([0, 1, 2]) * HOUR)
        if chance.random() < 0.5:
            other.watch(MORNING + timedelta(minutes=piece))
    other.watch(MORNING + timedelta(minutes=30))
    return other


def label_of_nobody(model: WatchedModel) -> bytes:
    return model.label("019cad8e10007000a000000000000001", "yes", observed_at=MORNING)


@settings(max_examples=10)
@given(st.integers(1, 10_000))
def test_the_order_and_repetition_of_arrival_do_not_show(seed: int) -> None:
    model = WatchedModel()
    made = [
        *model.predict(rows(30, seed=4), every=2.0),
        *model.predict(rows(20, seed=5), at=AN_HOUR_AGO - HOUR, every=2.0),
    ]
    plain, other = (shuffled(model, made, each) for each in (0, seed))
    for one, two in zip(
        *(known(each, AN_HOUR_AGO, AN_HOUR_AGO - HOUR) for each in (plain, other)), strict=True
    ):
        one["counts"].pop("repeated")
        two["counts"].pop("repeated")
        assert one == two


def test_repeated_lines_are_counted_once_and_told(model: WatchedModel) -> None:
    lines = [each.line for each in model.predict(rows(10))]
    model.deliver([*lines, *lines[:4]])
    model.watch()
    model.deliver(lines[5:])
    assert model.watch(MORNING + timedelta(minutes=1)).new_rows == 0
    summary = model.hour()
    assert summary.counts == LogCounts(predictions=10, repeated=9)
    assert summary.slices[0].profile is not None
    assert summary.slices[0].profile.rows == 10
