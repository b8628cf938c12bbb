"""Adding up any stretch of time: all of it, nothing else, and by few objects."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdaloop.domain.capture_layout import DAY, HOUR, day_of, hour_key
from lambdaloop.domain.summary import LogCounts, SliceKey, SliceSummary, Summary
from lambdaloop.services.archived_documents import save_record
from lambdaloop.services.load_summaries import Summaries
from lambdaloop.services.summarise_hours import summarise_days
from tests.fakes.capture import InMemoryCaptureArchive
from tests.fakes.samples import MODEL

FIRST = datetime(2026, 2, 20, tzinfo=UTC)
HOURS = 45 * 24
KEY = SliceKey(release=1, version=1, variant="champion")


def rows_of(hour: int) -> int:
    """So many that no two stretches have the same sum by chance; every fifth hour was quiet."""
    return 0 if hour % 5 == 0 else 1 + hour * hour


@pytest.fixture(scope="module")
def archive() -> InMemoryCaptureArchive:
    """45 days."""
    kept = InMemoryCaptureArchive()
    hours = [FIRST + number * HOUR for number in range(HOURS)]
    for number, hour in enumerate(hours):
        if count := rows_of(number):
            one = Summary(
                model=MODEL,
                start=hour,
                end=hour + HOUR,
                counts=LogCounts(predictions=count),
                slices=(SliceSummary(key=KEY, rows=count),),
            )
            save_record(kept, hour_key(MODEL, hour), one)
    summarise_days(hours, model=MODEL, archive=kept)
    return kept


@given(start=st.integers(0, HOURS), length=st.integers(0, HOURS))
def test_every_stretch_is_the_sum_of_its_hours(
    archive: InMemoryCaptureArchive, start: int, length: int
) -> None:
    end = min(HOURS, start + length)
    total = Summaries(MODEL, archive).total(FIRST + start * HOUR, FIRST + end * HOUR)
    wanted = sum(map(rows_of, range(start, end)))
    assert (total.start, total.end) == (FIRST + start * HOUR, FIRST + end * HOUR)
    assert total.counts.predictions == wanted
    assert sum(each.rows for each in total.slices) == wanted


@pytest.mark.parametrize("hour", range(24))
@pytest.mark.parametrize("day", range(5))
def test_a_month_takes_at_most_one_and_a_half_times_the_objects_of_24_hours(
    archive: InMemoryCaptureArchive, day: int, hour: int
) -> None:
    end = FIRST + (40 + day) * DAY + hour * HOUR
    archive.loads.clear()
    Summaries(MODEL, archive).total(end - 30 * DAY, end)
    assert len(archive.loads) <= (9 + 24 if end != day_of(end) else 10)


def test_what_was_loaded_is_not_loaded_again(archive: InMemoryCaptureArchive) -> None:
    summaries = Summaries(MODEL, archive)
    end = FIRST + 40 * DAY + 7 * HOUR
    summaries.total(end - DAY, end)
    archive.loads.clear()
    summaries.total(end - DAY - HOUR, end - HOUR)
    assert archive.loads == [hour_key(MODEL, end - DAY - HOUR)]
