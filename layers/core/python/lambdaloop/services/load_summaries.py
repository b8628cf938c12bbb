"""Reads summaries of whatever stretch of time by few objects: whole pentads and whole days by one each."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from lambdaloop.domain.capture_layout import (
    DAY,
    HOUR,
    PENTAD,
    day_key,
    day_of,
    hour_key,
    hour_of,
    pentad_key,
    pentad_of,
)
from lambdaloop.domain.documents import from_document
from lambdaloop.domain.summary import Summary
from lambdaloop.ports import CaptureArchive
from lambdaloop.services.archived_documents import load_all, unpack

_STRETCHES = (
    (PENTAD, pentad_of, pentad_key),
    (DAY, day_of, day_key),
    (HOUR, hour_of, hour_key),
)
"""Longest first: how long, where the one that holds a time starts, and its key."""


class Summaries:
    """The summaries of one model, each loaded once."""

    def __init__(self, model: str, archive: CaptureArchive) -> None:
        self._model = model
        self._archive = archive
        self._loaded: dict[str, Summary | None] = {}

    def between(self, start: datetime, end: datetime) -> Sequence[Summary]:
        """Those of [start, end), both whole hours, in order; stretches without any are left out."""
        keys = list(_keys(self._model, start, end))
        unknown = [key for key in keys if key not in self._loaded]
        for key, content in zip(unknown, load_all(self._archive, unknown), strict=True):
            self._loaded[key] = None if content is None else from_document(Summary, unpack(content))
        return [summary for key in keys if (summary := self._loaded[key]) is not None]

    def total(self, start: datetime, end: datetime) -> Summary:
        """All of [start, end) in one."""
        total = Summary(model=self._model, start=start, end=end)
        for summary in self.between(start, end):
            total = total.merge(summary)
        return total


def _keys(model: str, start: datetime, end: datetime) -> Iterator[str]:
    at = start
    while at < end:
        length, key = next(
            (length, key) for length, start_of, key in _STRETCHES if at == start_of(at) and at + length <= end
        )
        yield key(model, at)
        at += length
