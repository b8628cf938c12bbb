"""What a comparison over a month costs against one over a day, from summaries on disk to the report."""

import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from pathlib import Path
from statistics import median

import numpy as np

from lambdaloop.domain.documents import from_document, to_document
from lambdaloop.domain.monitoring_rules import Monitoring
from lambdaloop.domain.summary import SliceKey, SliceSummary, Summary
from lambdaloop.domain.window import DriftReport
from lambdaloop.monitoring.drift import compare
from lambdaloop.monitoring.observing import observe
from lambdaloop.services.archived_documents import pack, unpack
from scripts.benchmarks.drift_streams import SIGNATURE, Stream
from scripts.benchmarks.report import Section, Table

_START = datetime(2026, 3, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)
_HOURS, _DAYS = 24, 30
_ROWS = 1_000
_ROUNDS = 41


def drift_month(advance: Callable[[int, int], None]) -> Section:
    """Write summaries as the watch does, then read, add up and compare them, in turns."""
    stream = Stream.seeded(0)
    with tempfile.TemporaryDirectory(prefix="lambdaloop-bench-") as folder:
        hours = [_write(Path(folder) / f"hour-{i}", _summary(stream, i)) for i in range(_HOURS)]
        day = reduce(Summary.merge, map(_read, hours))
        days = [_write(Path(folder) / f"day-{i}", day) for i in range(_DAYS)]
        spans = {
            f"1 day: {_HOURS} hours": hours,
            f"{_DAYS} days: {_DAYS} days": days,
            f"{_DAYS} days that end during a day: {_DAYS - 1} days, {_HOURS} hours": days[1:] + hours,
        }
        seconds: dict[str, list[float]] = {label: [] for label in spans}
        rows: dict[str, int] = {}
        for round_ in range(_ROUNDS):
            for label, files in spans.items():
                started = time.perf_counter()
                rows[label] = _compare(files, stream).rows
                seconds[label].append(time.perf_counter() - started)
            advance(round_ + 1, _ROUNDS)
    first = median(seconds[next(iter(spans))])
    return Section(
        title="Drift: a month",
        text=(
            f"Summaries of 25 features, predictions, scores, reconstruction errors and outcomes ({_ROWS:,} predictions an hour), read "
            f"from disk as the watch stores them, added up and compared; medians of {_ROUNDS}. No row is read, so it costs the same "
            f"however many predictions there were. Must hold: {_DAYS} days cost at most 1.5 times one day."
        ),
        table=Table(
            head=["window", "predictions", "summaries", "ms", "times a day"],
            rows=[
                [
                    label,
                    f"{rows[label]:,}",
                    str(len(files)),
                    f"{median(seconds[label]) * 1e3:.0f}",
                    f"{median(seconds[label]) / first:.2f}",
                ]
                for label, files in spans.items()
            ],
        ),
    )


def _summary(stream: Stream, hour: int) -> Summary:
    positive = stream.random.random(_ROWS)
    actual = (stream.random.random(_ROWS) < positive).astype(np.int64)
    return Summary(
        model=SIGNATURE.model,
        start=_START + hour * _HOUR,
        end=_START + (hour + 1) * _HOUR,
        slices=(
            SliceSummary(
                key=SliceKey(release=1, version=1, variant="live"),
                rows=_ROWS,
                profile=stream.window(_ROWS),
                outcomes=observe(
                    SIGNATURE.task, SIGNATURE.classes, actual, np.stack([1 - positive, positive], axis=1)
                ),
            ),
        ),
    )


def _write(file: Path, summary: Summary) -> Path:
    file.write_bytes(pack(to_document(summary)))
    return file


def _read(file: Path) -> Summary:
    return from_document(Summary, unpack(file.read_bytes()))


def _compare(files: Sequence[Path], stream: Stream) -> DriftReport:
    total = reduce(Summary.merge, map(_read, files))
    profile = total.slices[0].profile
    if profile is None:
        raise ValueError("a summary without a profile cannot be compared: write one")
    return compare(profile, stream.baseline, Monitoring())
