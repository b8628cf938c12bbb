"""What a comparison over a month costs against one over a day, from summaries on disk to the report."""

import gc
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from lambdaloop.domain.capture_layout import DAY, HOUR
from lambdaloop.domain.reading import RunReading
from lambdaloop.monitoring.drift import compare
from lambdaloop.services.judge_window import judge_window
from lambdaloop.services.load_summaries import Summaries
from scripts.benchmarks.drift_streams import Stream
from scripts.benchmarks.report import Section, Table
from scripts.benchmarks.summarised_stream import MODEL, ROWS, Folder, judge, write_summaries

_START = datetime(2026, 3, 1, tzinfo=UTC)
_MIDNIGHT = _START + 40 * DAY
_NOON = _MIDNIGHT + 12 * HOUR
"""The month before either of them cuts two pentads."""
_DAYS = 30
_ROUNDS = 15

_Work = Callable[[int, datetime], int]
"""Compares so many days that end then; returns how many predictions they had."""


def drift_month(advance: Callable[[int, int], None]) -> Section:
    """Write summaries as the watch does; then choose, read, add up and compare them as it does, in turns."""
    stream = Stream.seeded(0)
    with tempfile.TemporaryDirectory(prefix="lambdaloop-bench-") as folder:
        archive = Folder(Path(folder))
        write_summaries(archive, stream, start=_START, end=_NOON)
        works: Mapping[str, tuple[_Work, datetime]] = {
            "comparison of a window that ends at noon": (_comparison(archive, stream), _NOON),
            "whole judgement at noon": (_judgement(archive, stream), _NOON),
            "whole judgement at midnight": (_judgement(archive, stream), _MIDNIGHT),
        }
        cases = [(label, days) for label in works for days in (1, _DAYS)]
        seconds: dict[tuple[str, int], list[float]] = {case: [] for case in cases}
        summaries: dict[tuple[str, int], int] = {}
        for round_ in range(_ROUNDS):
            for label, days in cases:
                work, end = works[label]
                archive.loads = 0
                gc.collect()  # nobody pays for what others left behind
                started = time.process_time()
                rows = work(days, end)
                seconds[label, days].append(time.process_time() - started)
                summaries[label, days] = archive.loads
                if rows != days * ROWS * (DAY // HOUR):
                    raise ValueError(f"{label}: {rows} predictions in {days} days")
            advance(round_ + 1, _ROUNDS)
    typical = {case: median(each) for case, each in seconds.items()}
    return Section(
        title="Drift: a month",
        text=(
            f"Summaries of 25 features, predictions, scores, reconstruction errors, real and expected outcomes ({ROWS:,} predictions "
            f"an hour), chosen and read from disk as the watch does it, added up and compared: medians of {_ROUNDS}, in processor time. "
            "No row is read, so it costs the same however many predictions there were. The comparison is that of the window with a baseline in "
            "memory. The judgement is all that the watch does about a window once its hours are summed up: it reads the baseline, "
            "too, and estimates the performance of the last week and how much of the log is missing, for either window alike. "
            f"Must hold: {_DAYS} days cost at most 1.5 times one day. Not in the table, for it does not hold there: a day that ends at "
            "midnight is a single summary, so that its bare comparison costs next to nothing, and that of a month, ten summaries, "
            "several times as much; both cost less than any at noon."
        ),
        table=Table(
            head=["", "summaries of a day", f"of {_DAYS} days", "ms for a day", f"for {_DAYS} days", "times"],
            rows=[
                [
                    label,
                    str(summaries[label, 1]),
                    str(summaries[label, _DAYS]),
                    f"{typical[label, 1] * 1e3:.0f}",
                    f"{typical[label, _DAYS] * 1e3:.0f}",
                    f"{typical[label, _DAYS] / typical[label, 1]:.2f}",
                ]
                for label in works
            ],
        ),
    )


def _comparison(archive: Folder, stream: Stream) -> _Work:
    judges = {days: judge(stream, archive, window=days * DAY) for days in (1, _DAYS)}

    def work(days: int, end: datetime) -> int:
        profile = Summaries(MODEL, archive).total(end - days * DAY, end).slices[0].profile
        if profile is None:
            raise ValueError("a summary without a profile cannot be compared: write one")
        return compare(profile, stream.baseline, judges[days].definition.monitoring).rows

    return work


def _judgement(archive: Folder, stream: Stream) -> _Work:
    def work(days: int, end: datetime) -> int:
        report = judge_window(
            RunReading(model=MODEL, at=end), using=judge(stream, archive, window=days * DAY)
        )
        return report.drift.rows if report.drift else 0

    return work
