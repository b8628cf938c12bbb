"""Reads one object of the log line by line, in bounded memory, and puts aside what cannot be read."""

import csv
import gzip
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from lambdaloop.domain.captured import (
    CapturedLabel,
    CapturedPrediction,
    LineUnreadableError,
    read_label_row,
    read_line,
)
from lambdaloop.domain.labels import TargetReader

CHUNK = 20_000
"""Lines that are turned into arrays at once."""
_KEPT = 1000
_KEPT_CHARACTERS = 1000
_ID_COLUMN, _VALUE_COLUMNS = "prediction_id", {"actual", "reward"}


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What lines must keep to."""

    model: str
    target: TargetReader
    now: datetime
    label_days: int

    @cached_property
    def oldest(self) -> datetime:
        """When a prediction may have been made that is counted now."""
        return self.now - timedelta(days=self.label_days)


@dataclass(slots=True)
class Quarantine:
    """Counts all that cannot be read, and keeps of the first thousand how they and their reasons begin."""

    count: int = 0
    kept: list[Mapping[str, object]] = field(default_factory=list)

    def add(self, reason: str, *, line: int, content: bytes | str = "") -> None:
        """One more line; numbers count from 1."""
        self.count += 1
        if len(self.kept) < _KEPT:
            text = content[: 4 * _KEPT_CHARACTERS]
            shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
            self.kept.append(
                {"line": line, "reason": reason[:_KEPT_CHARACTERS], "content": shown[:_KEPT_CHARACTERS]}
            )

    def to_bytes(self) -> bytes:
        """As they are stored: a JSON object per line."""
        text = "".join(json.dumps(each, separators=(",", ":")) + "\n" for each in self.kept)
        return gzip.compress(text.encode(), mtime=0)


@dataclass(slots=True)
class Chunk:
    """Some of the lines of a source."""

    predictions: list[CapturedPrediction] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    """The line of each prediction."""
    labels: list[CapturedLabel] = field(default_factory=list)
    lines: int = 0
    expired: int = 0

    def put(self, record: CapturedPrediction | CapturedLabel, number: int, rules: Rules) -> None:
        """Add what a line said; LineUnreadableError when it is of no use."""
        if isinstance(record, CapturedPrediction):
            if record.event_time < rules.oldest:
                raise LineUnreadableError(f"event_time lies more than {rules.label_days} days back")
            self.predictions.append(record)
            self.numbers.append(number)
        elif record.actual is not None and rules.target.read(record.actual) is None:
            raise LineUnreadableError(f"actual is no value of the target: {record.actual!r}"[:200])
        elif record.received_at - record.event_time > timedelta(days=rules.label_days):
            self.expired += 1
        else:
            self.labels.append(record)


def read_log(content: bytes, rules: Rules, quarantine: Quarantine) -> Iterator[Chunk]:
    """The lines of an object that Firehose delivered."""
    chunk = Chunk()
    for number, line in enumerate(io.BytesIO(content), start=1):
        if not line.strip():
            continue
        chunk.lines += 1
        try:
            chunk.put(read_line(line, model=rules.model, now=rules.now), number, rules)
        except LineUnreadableError as error:
            quarantine.add(error.reason, line=number, content=line)
        if chunk.lines >= CHUNK:
            yield chunk
            chunk = Chunk()
    yield chunk


def read_feedback(content: bytes, rules: Rules, quarantine: Quarantine) -> Iterator[Chunk]:
    """The rows of a CSV file of labels: prediction_id, actual or reward or both and, if wanted, observed_at."""
    text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", errors="replace", newline="")
    rows = _rows(text)
    _, columns = next(rows, (1, []))
    chunk = Chunk()
    if _ID_COLUMN not in columns or not _VALUE_COLUMNS & {*columns} or len({*columns}) < len(columns):
        chunk.lines = 1
        quarantine.add(
            "the header must name prediction_id, actual or reward or both, and perhaps observed_at, once each",
            line=1,
            content=",".join(columns),
        )
        yield chunk
        return
    for number, row in rows:
        chunk.lines += 1
        try:
            chunk.put(_label(columns, row, rules), number, rules)
        except LineUnreadableError as error:
            quarantine.add(error.reason, line=number, content=",".join(row))
        if chunk.lines >= CHUNK:
            yield chunk
            chunk = Chunk()
    yield chunk


def _label(columns: list[str], row: list[str], rules: Rules) -> CapturedLabel:
    if len(row) != len(columns):
        raise LineUnreadableError(f"has {len(row)} fields, the header has {len(columns)}")
    return read_label_row(dict(zip(columns, row, strict=True)), model=rules.model, now=rules.now)


def _rows(text: io.TextIOWrapper) -> Iterator[tuple[int, list[str]]]:
    """Rows with the number of the line they end on; one that is no CSV has a single field."""
    reader = csv.reader(text)
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:  # a field that is too long, or a stray carriage return
            row = [f"not CSV: {error}"]
        if row is None:
            return
        if row:
            yield reader.line_num, row
