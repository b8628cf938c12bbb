"""Reading the log: what lies in it, how often, in which order and how late must not show in what is known afterwards."""

import gzip
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from lambdaloop.domain.capture_layout import DAY, HOUR, part_prefix
from lambdaloop.domain.labels import resolve_labels, resolve_rewards
from lambdaloop.domain.summary import LogCounts
from lambdaloop.services.ingest_capture import Bounds
from lambdaloop.services.ingest_source import read_labels
from tests.fakes.samples import MODEL, MORNING
from tests.fakes.watched_model import WatchedModel, rows

AN_HOUR_AGO = MORNING - HOUR


@pytest.fixture
def model() -> WatchedModel:
    return WatchedModel()


# What comes in once


def test_predictions_and_labels_become_the_summary_of_their_hour(model: WatchedModel) -> None:
    made = model.predict(rows(100), every=1.0)
    model.deliver([*(each.line for each in made), *model.labels(made[:40], after=timedelta(minutes=5))])
    report = model.watch()
    summary = model.hour()
    assert summary.counts == LogCounts(predictions=100, labelled=40)
    whole = next(each for each in summary.slices if not each.key.segment)
    assert whole.profile is not None
    assert (whole.rows, whole.profile.rows) == (100, 100)
    assert whole.outcomes is not None
    assert whole.expected is not None
    assert whole.expected_labelled is not None
    assert (whole.outcomes.rows, whole.expected.rows, whole.expected_labelled.rows) == (40.0, 100.0, 40.0)
    assert whole.newest_labelled == made[39].at
    assert whole.label_delay_seconds == pytest.approx(40 * 300)
    assert (report.lines, report.new_rows, report.new_labels) == (140, 100, 40)


def test_rewards_are_kept_with_the_labels_and_change_no_performance(model: WatchedModel) -> None:
    made = model.predict(rows(100), every=1.0)
    after = made[0].at + timedelta(minutes=10)
    truths = model.labels(made[:40], after=timedelta(minutes=5))
    model.deliver([*(each.line for each in made), *truths])
    model.watch()
    before = model.hour()
    only_rewards = [
        model.label(each.prediction_id, None, reward=float(n), observed_at=after)
        for n, each in enumerate(made[:60])
    ]
    with_truth = model.label(made[60].prediction_id, "yes", reward=7.0, observed_at=after)
    model.deliver([*only_rewards, with_truth])
    model.datasets.upload(
        "feedback/churn/rewards.csv", f"prediction_id,reward\n{made[61].prediction_id},8.5\n".encode()
    )
    model.watch()
    summary = model.hour()
    assert summary.counts == LogCounts(predictions=100, labelled=41)
    known, now = (next(each for each in one.slices if not each.key.segment) for one in (before, summary))
    assert known.outcomes is not None
    assert now.outcomes is not None
    assert (known.outcomes.rows, now.outcomes.rows) == (40.0, 41.0)
    keys = model.archive.keys(part_prefix(MODEL, made[0].at.replace(minute=0, second=0), "labels"))
    kept = [label for key in keys for label in read_labels(model.archive.objects[key], MODEL)]
    rewards = {identity: each.reward for identity, each in resolve_rewards(kept).labels.items()}
    wanted = {each.prediction_id: float(n) for n, each in enumerate(made[:60])}
    assert rewards == {**wanted, made[60].prediction_id: 7.0, made[61].prediction_id: 8.5}
    assert len(resolve_labels(kept).labels) == 41


def test_segments_add_up_to_the_whole(model: WatchedModel) -> None:
    made = model.predict(rows(100))
    model.deliver(each.line for each in made)
    model.watch()
    by_segment = {each.key.segment: each.rows for each in model.hour().slices}
    assert by_segment.keys() == {"", "plan=a", "plan=b"}
    assert by_segment["plan=a"] + by_segment["plan=b"] == by_segment[""] == 100


def test_releases_and_variants_are_counted_apart(model: WatchedModel) -> None:
    model.release()
    some = rows(10)
    made = [
        *model.predict(some, release=1, version=1),
        *model.predict(some, release=2, version=2),
        *model.predict(some, release=2, version=1, variant="control"),
    ]
    model.deliver(each.line for each in made)
    model.watch()
    keys = [each.key for each in model.hour().slices if not each.key.segment]
    assert [(key.release, key.version, key.variant) for key in keys] == [
        (1, 1, "champion"),
        (2, 1, "control"),
        (2, 2, "champion"),
    ]


def test_a_day_is_the_sum_of_its_hours(model: WatchedModel) -> None:
    for hours in (1, 2, 30):
        at = MORNING - hours * HOUR
        model.deliver((each.line for each in model.predict(rows(50, seed=hours), at=at)), at=at)
    report = model.watch()
    assert report.new_rows == 150
    assert report.drift is not None
    assert report.drift.rows == 100
    assert list(model.archive.keys("days/")) == [
        f"days/model={MODEL}/2026-02-28/pentad.json.gz",
        f"days/model={MODEL}/2026-03-01/summary.json.gz",
        f"days/model={MODEL}/2026-03-02/summary.json.gz",
    ]


def test_an_object_is_read_once(model: WatchedModel) -> None:
    key = model.deliver(each.line for each in model.predict(rows(10)))
    model.watch()
    model.clock.advance(3600)
    assert model.watch().new_rows == 0
    assert model.archive.reads == [key]


def test_only_hours_that_something_is_new_about_are_summed_up_again(model: WatchedModel) -> None:
    made = model.predict(rows(10), at=MORNING - 5 * HOUR)
    model.deliver(each.line for each in [*made, *model.predict(rows(10))])
    model.watch()
    before = dict(model.archive.objects)
    model.deliver(model.labels(made))
    model.watch()
    changed = {key for key, content in model.archive.objects.items() if before.get(key) != content}
    hours = {key for key in changed if key.startswith("hours/") and key.endswith("summary.json.gz")}
    assert hours == {f"hours/model={MODEL}/day=2026-03-02/hour=04/summary.json.gz"}


# What cannot be read


POISON = (
    b"{",
    b"\xff\xfe",
    b"[]",
    b"[" * 50_000,
    b'{"schema": 9, "model": "churn"}',
    b'{"schema": 1, "kind": "order", "model": "churn"}',
    b"x" * 10_000_000,
)


def test_poisoned_lines_are_put_aside_with_a_reason_and_the_others_are_read(model: WatchedModel) -> None:
    lines = [each.line for each in model.predict(rows(20))]
    torn = lines[7][:30] + b"\n" + lines[7][30:]  # an injected line break
    model.deliver([*lines[:7], torn, *POISON, *lines[8:]])
    report = model.watch()
    assert (report.new_rows, report.quarantined, report.lines) == (19, 9, 28)
    found = model.quarantined()
    assert len(found) == 9
    assert all(each["reason"] and len(each["content"]) <= 1000 for each in found)
    assert found[0]["line"] == 8
    assert model.hour().counts == LogCounts(predictions=19)


def test_what_is_kept_of_a_poisoned_line_is_short_whatever_its_reason_quotes(model: WatchedModel) -> None:
    [made] = model.predict(rows(1))
    model.deliver([made.line.replace(b'"age":', b'"' + b"n" * 500_000 + b'":[],"age":')] * 2)
    assert model.watch().quarantined == 2
    assert all(len(each["reason"]) <= 1000 for each in model.quarantined())


def test_a_version_that_nobody_registered_is_put_aside(model: WatchedModel) -> None:
    model.deliver(each.line for each in model.predict(rows(3), version=99))
    assert model.watch().quarantined == 3
    assert {each["reason"] for each in model.quarantined()} == {"model_version 99 is not in the registry"}


def test_predictions_that_do_not_fit_their_version_are_put_aside(model: WatchedModel) -> None:
    made = model.predict(rows(3))
    model.deliver([made[0].line, made[1].line.replace(b'"age":', b'"age":"x","was":'), made[2].line])
    report = model.watch()
    assert (report.new_rows, report.quarantined) == (2, 1)
    assert model.quarantined()[0]["line"] == 2


@pytest.mark.parametrize(
    ("stored", "problem"),
    [
        (gzip.compress(b"x" * 300_000), "more than"),
        (b"x" * 300_000, "bytes"),
        (gzip.compress(b"a line\n" * 1000)[:-20], "cannot be unpacked"),
        (b"\x1f\x8b" + b"no gzip", "cannot be unpacked"),
    ],
    ids=["too-large-unpacked", "too-large", "torn", "no-gzip"],
)
def test_an_object_that_cannot_be_read_is_put_aside_once_and_told_about(
    model: WatchedModel, stored: bytes, problem: str
) -> None:
    key = model.deliver([])
    model.archive.objects[key] = stored
    model.deliver(each.line for each in model.predict(rows(5)))
    bounds = Bounds(object_bytes=100_000)
    report = model.watch(bounds=bounds)
    assert (report.new_rows, report.quarantined) == (5, 1)
    assert problem in report.notes[0]
    assert problem in model.quarantined()[0]["reason"]
    model.clock.advance(3600)
    assert model.watch(bounds=bounds).quarantined == 0


def test_an_object_that_vanished_is_told_about(model: WatchedModel) -> None:
    class Vanishing(type(model.archive)):  # type: ignore[misc]
        def sources(self, prefix: str) -> Any:
            found = super().sources(prefix)
            for each in found:
                del self.objects[each.key]
            return found

    model.archive = Vanishing()
    model.deliver([b"{}"])
    assert model.watch().quarantined == 1


def test_a_line_without_its_features_is_scored_but_not_profiled(model: WatchedModel) -> None:
    made = model.predict(rows(3))
    bare = made[1].line.replace(b'"features":{', b'"features_dropped":true,"features":{}, "was":{')
    model.deliver([made[0].line, bare, made[2].line, *model.labels(made, after=timedelta(0))])
    model.watch()
    whole = model.hour().slices[0]
    assert whole.profile is not None
    assert (whole.rows, whole.profile.rows) == (3, 2)
    assert whole.profile.features["age"].missing == 0
    assert model.hour().counts.labelled == 3


# When it happened


def test_what_lies_in_the_future_or_far_back_is_put_aside(model: WatchedModel) -> None:
    ahead = model.predict(rows(2), at=MORNING + timedelta(hours=2))
    ancient = model.predict(rows(2), at=MORNING - timedelta(days=91))
    skewed = model.predict(rows(1), at=MORNING + timedelta(minutes=2))
    model.deliver(each.line for each in [*ahead, *ancient, *skewed])
    report = model.watch()
    assert (report.new_rows, report.quarantined) == (1, 4)
    assert {each["reason"].split(":")[0] for each in model.quarantined()} == {
        "event_time lies in the future",
        "event_time lies more than 90 days back",
    }


def test_lines_are_counted_in_the_hour_of_the_prediction_whenever_they_arrive(model: WatchedModel) -> None:
    made = model.predict(rows(10), at=MORNING - 30 * HOUR)
    model.deliver((each.line for each in made), at=MORNING)
    model.watch()
    assert model.hour(MORNING - 30 * HOUR).counts.predictions == 10
    assert model.hour().counts.predictions == 0


def test_a_prediction_and_its_label_meet_at_the_edge_of_an_hour(model: WatchedModel) -> None:
    edge = AN_HOUR_AGO - timedelta(milliseconds=1)
    made = model.predict(rows(1), at=edge)
    late = made[0].line.replace(edge.isoformat().encode(), AN_HOUR_AGO.isoformat().encode())
    assert late != made[0].line
    model.deliver([late, *model.labels(made, after=timedelta(0))])
    assert model.watch().new_labels == 1


# How much is read


def test_what_does_not_fit_into_a_run_is_left_for_the_next_and_said(model: WatchedModel) -> None:
    for number in range(5):
        model.deliver(each.line for each in model.predict(rows(10, seed=number)))
    two = Bounds(seconds=25, batch_objects=1, stopwatch=_ten_seconds_each_time())
    report = model.watch(bounds=two)
    read = len(model.archive.reads)
    assert 0 < read < 4
    assert report.notes == (f"{5 - read} objects of the log are left for the next run",)
    assert report.new_rows == 10 * read
    # They are found even when nothing new is expected to appear there any more.
    for days in (5, 10):
        model.clock.advance(5 * 86_400)
        report = model.watch(bounds=Bounds(seconds=0) if days == 5 else None)
    assert report.new_rows == 10 * (5 - read - 1)
    assert len(set(model.archive.reads)) == len(model.archive.reads) == 5
    assert model.hour().counts.predictions == 50


def _ten_seconds_each_time() -> Callable[[], float]:
    seconds = iter(range(0, 10_000, 10))
    return lambda: float(next(seconds))


def test_at_least_one_object_is_read_however_little_time_there_is(model: WatchedModel) -> None:
    for _ in range(2):
        model.deliver([b"{}"])
    model.watch(bounds=Bounds(seconds=0))
    assert len(model.archive.reads) == 1


def test_objects_that_appear_a_day_late_are_found(model: WatchedModel) -> None:
    model.watch()
    model.clock.advance(23 * 3600)
    made = model.predict(rows(10), at=MORNING)
    model.deliver((each.line for each in made), at=MORNING)
    assert model.watch().new_rows == 10


def test_after_a_long_silence_everything_since_then_is_read(model: WatchedModel) -> None:
    model.watch()
    for days in range(10):
        at = MORNING + days * DAY
        model.deliver((each.line for each in model.predict(rows(3, seed=days), at=at)), at=at)
    model.clock.advance(10 * 86_400)
    assert model.watch().new_rows == 30


def test_finding_nothing_costs_a_few_listings_however_long_the_log_is(model: WatchedModel) -> None:
    listed: list[str] = []

    class Counting(type(model.archive)):  # type: ignore[misc]
        def sources(self, prefix: str) -> Any:
            listed.append(prefix)
            return super().sources(prefix)

    model.archive = Counting()
    model.watch()
    model.clock.advance(3600)
    listed.clear()
    model.watch()
    assert listed == [f"raw/model={MODEL}/day=2026-03-0{day}/" for day in (1, 2)]
