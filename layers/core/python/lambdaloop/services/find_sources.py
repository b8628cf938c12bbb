"""Finds what the watch has not read yet: objects that Firehose delivered and files of labels that users uploaded."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from lambdaloop.domain.capture_layout import (
    DAY,
    FEEDBACK,
    day_folder,
    day_of,
    feedback_prefix,
    marker_key,
    marker_prefix,
    raw_day_prefix,
    source_name,
    source_of,
)
from lambdaloop.domain.dataset import DataObject
from lambdaloop.ports import CaptureArchive, DatasetStore

LATENESS = timedelta(hours=26)
"""How long after the hour of its arrival, which its key names, an object may still appear: Firehose tries for 24 hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One object to read."""

    name: str
    """In everything that is derived from it."""
    kind: Literal["log", "feedback"]
    data: DataObject
    marker: str
    """The key that says that it was read."""
    arrived: datetime | None = None
    """The start of the day of its arrival; None for users' files."""


def find_sources(
    model: str, *, since: datetime, until: datetime, archive: CaptureArchive, datasets: DatasetStore
) -> Iterator[Source]:
    """Those without a marker, the oldest first; of the log, those that arrived on the days from `since` to `until`."""
    day = day_of(since)
    while day <= until:
        folder = day_folder(day)
        read = _read(model, folder, archive)
        for data in archive.sources(raw_day_prefix(model, day)):
            # Objects of the log are never written anew, so the key is the name, whatever the bucket says of versions.
            name = source_name(data.key)
            if name not in read:
                marker = marker_key(model, folder, name)
                yield Source(name=name, kind="log", data=data, marker=marker, arrived=day)
        day += DAY
    read = _read(model, FEEDBACK, archive)
    for data in datasets.objects(feedback_prefix(model)):
        name = source_name(data.key, data.version_id)
        if name not in read:
            marker = marker_key(model, FEEDBACK, name)
            yield Source(name=name, kind="feedback", data=data, marker=marker)


def _read(model: str, folder: str, archive: CaptureArchive) -> set[str]:
    return {source_of(key) for key in archive.keys(marker_prefix(model, folder))}
