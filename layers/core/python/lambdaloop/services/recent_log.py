"""Reads what the prediction log says about the last minutes, as far as Firehose has delivered it: bounded, newest first."""

import io
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lambdaloop.domain.capture_layout import hours_between, raw_prefix
from lambdaloop.domain.captured import CapturedLabel, CapturedPrediction, LineUnreadableError, read_line
from lambdaloop.domain.dataset import DataObject
from lambdaloop.domain.errors import ArtifactMissingError, SourceCorruptError, SourceTooLargeError
from lambdaloop.ports import CaptureArchive

MAX_PREDICTIONS = 5000
"""Of each release."""
MAX_BYTES = 20_000_000
"""Stored, that is packed, over all objects …"""
MAX_OBJECT_BYTES = 128 << 20
"""… and unpacked, of one of them."""
_AHEAD = timedelta(minutes=5)
"""Clocks differ, and Firehose names the hour by when it began to collect an object."""


@dataclass(slots=True)
class RecentLog:
    """What was found."""

    predictions: dict[int, list[CapturedPrediction]] = field(default_factory=dict)
    """By release, each prediction once, newest objects first."""
    labels: list[CapturedLabel] = field(default_factory=list)
    lines: int = 0
    unreadable: int = 0
    """Lines that could not be read, and objects."""
    complete: bool = True
    """Whether nothing was left out for being too much."""

    def of(self, release: int | None) -> list[CapturedPrediction]:
        """Those of one release."""
        return self.predictions.get(release, []) if release is not None else []


def read_recent_log(
    *,
    model: str,
    archive: CaptureArchive,
    since: datetime,
    until: datetime,
    releases: Collection[int],
    now: datetime,
) -> RecentLog:
    """Predictions of these releases made in [since, until], and all labels that came since."""
    found = RecentLog()
    seen: set[str] = set()
    budget = MAX_BYTES
    for source in _newest_first(model, archive, since - _AHEAD, now):
        if _full(found, releases) or (found.lines and source.size > budget):
            found.complete = False
            break
        budget -= source.size
        try:
            content = archive.read(source, limit=MAX_OBJECT_BYTES)
        except ArtifactMissingError:
            continue
        except SourceTooLargeError:
            found.complete = False
            continue
        except SourceCorruptError:
            found.unreadable += 1
            continue
        for line in io.BytesIO(content):
            if line.strip():
                _take(line, found, seen, model=model, since=since, until=until, releases=releases, now=now)
    return found


def _newest_first(model: str, archive: CaptureArchive, since: datetime, now: datetime) -> list[DataObject]:
    """Keys lie in the order of their arrival."""
    hours = reversed(list(hours_between(since, now + _AHEAD)))
    return [source for hour in hours for source in reversed(archive.sources(raw_prefix(model, hour)))]


def _full(found: RecentLog, releases: Collection[int]) -> bool:
    return all(len(found.of(release)) >= MAX_PREDICTIONS for release in releases)


def _take(
    line: bytes,
    found: RecentLog,
    seen: set[str],
    *,
    model: str,
    since: datetime,
    until: datetime,
    releases: Collection[int],
    now: datetime,
) -> None:
    found.lines += 1
    try:
        record = read_line(line, model=model, now=now)
    except LineUnreadableError:
        found.unreadable += 1
        return
    if isinstance(record, CapturedLabel):
        if record.received_at >= since:
            found.labels.append(record)
        return
    if record.release not in releases or not since <= record.event_time <= until:
        return
    kept = found.predictions.setdefault(record.release, [])
    if record.prediction_id in seen:
        return
    if len(kept) >= MAX_PREDICTIONS:
        found.complete = False
        return
    seen.add(record.prediction_id)
    kept.append(record)
