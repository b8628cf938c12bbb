import gzip
from datetime import timedelta
from typing import Any

import pytest

from lambdaloop.domain.capture_layout import raw_prefix
from lambdaloop.domain.release import ReleasePin
from lambdaloop.services import recent_log
from lambdaloop.services.recent_log import RecentLog, read_recent_log
from tests.fakes.capture import InMemoryCaptureArchive
from tests.fakes.live_log import line_of
from tests.fakes.samples import MODEL, MORNING, artifact
from tests.fakes.watched_model import Row, WatchedModel

MINUTE = timedelta(minutes=1)
NOW = MORNING + 12 * MINUTE


def line(release: int = 2, *, at: Any = NOW - MINUTE, age: float = 1.0) -> bytes:
    pin = ReleasePin(model=MODEL, release=release, version=release, bundle=artifact())
    return line_of(pin, {"age": age, "plan": "a"}, score=0.1, at=at)


def put(archive: InMemoryCaptureArchive, *lines: bytes, at: Any = NOW, name: str = "a") -> None:
    archive.save(f"{raw_prefix(MODEL, at)}{name}.gz", gzip.compress(b"".join(lines)))


def read(archive: InMemoryCaptureArchive, *, since: Any = NOW - 5 * MINUTE, until: Any = NOW) -> RecentLog:
    return read_recent_log(model=MODEL, archive=archive, since=since, until=until, releases={1, 2}, now=NOW)


@pytest.fixture
def archive() -> InMemoryCaptureArchive:
    return InMemoryCaptureArchive()


def test_predictions_of_the_wanted_releases_and_minutes_are_found(archive: InMemoryCaptureArchive) -> None:
    put(
        archive,
        line(1),
        line(2),
        line(2, at=NOW - 5 * MINUTE),
        line(3),
        line(2, at=NOW - 6 * MINUTE),
        line(2, at=NOW + MINUTE),
    )
    found = read(archive)
    assert (len(found.of(1)), len(found.of(2)), found.of(3), found.of(None)) == (1, 2, [], [])
    assert (found.lines, found.unreadable, found.complete) == (6, 0, True)


def test_what_arrived_in_the_hour_before_is_read_too(archive: InMemoryCaptureArchive) -> None:
    before = MORNING - 2 * MINUTE
    put(archive, line(2, at=before), at=before)
    assert len(read(archive, since=MORNING - 3 * MINUTE).of(2)) == 1


def test_a_prediction_that_was_delivered_twice_counts_once(archive: InMemoryCaptureArchive) -> None:
    twice = line()
    put(archive, twice, twice)
    put(archive, twice, name="b")
    assert len(read(archive).of(2)) == 1


def test_damaged_lines_and_objects_are_counted_and_the_rest_is_read(archive: InMemoryCaptureArchive) -> None:
    put(archive, b"no JSON\n", line(), b"\n")
    archive.save(f"{raw_prefix(MODEL, NOW)}b.gz", gzip.compress(line())[:-9])
    found = read(archive)
    assert (len(found.of(2)), found.unreadable) == (1, 2)


def test_labels_that_came_since_are_found() -> None:
    world = WatchedModel(released=False)
    [made] = world.predict([Row(age=1.0, plan="a", score=0.5, actual="yes")], at=NOW - 3 * MINUTE)
    for at in (NOW - 2 * MINUTE, NOW - 7 * MINUTE):
        world.deliver([world.label(made.prediction_id, "yes", observed_at=made.at, received_at=at)], at=NOW)
    found = read(world.archive)
    assert [label.received_at for label in found.labels] == [NOW - 2 * MINUTE]


def test_a_long_log_is_read_from_its_newest_end(archive: InMemoryCaptureArchive) -> None:
    most = recent_log.MAX_PREDICTIONS
    put(archive, *[line(release) for release in (1, 2) for _ in range(most + 1)], name="newest")
    put(archive, line(age=99.0), name="a-little-older")
    found = read(archive)
    assert (len(found.of(1)), len(found.of(2)), found.complete) == (most, most, False)
    assert archive.reads == [f"{raw_prefix(MODEL, NOW)}newest.gz"]


def test_objects_beyond_the_limit_are_left_out_but_never_the_newest_one() -> None:
    class Heavy(InMemoryCaptureArchive):
        def sources(self, prefix: str) -> Any:
            return [
                type(one)(key=one.key, version_id="", size=recent_log.MAX_BYTES)
                for one in super().sources(prefix)
            ]

    heavy = Heavy()
    put(heavy, line(), name="a")
    put(heavy, line(), name="b")
    found = read(heavy)
    assert (len(found.of(2)), found.complete) == (1, False)


def test_an_object_that_is_gone_is_no_error() -> None:
    class Expiring(InMemoryCaptureArchive):
        def sources(self, prefix: str) -> Any:
            found = super().sources(prefix)
            self.objects.clear()
            return found

    gone = Expiring()
    put(gone, line())
    assert read(gone).lines == 0
