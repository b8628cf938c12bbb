"""Reads what users put: rows with the entity, `event_time` and every feature of the group. All of it is right, or none is put.

CSV, or JSON Lines whose values are then as in a request.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from lambdaloop.domain.csv_rows import read_csv
from lambdaloop.domain.data_files import format_of
from lambdaloop.domain.definition import Feature
from lambdaloop.domain.errors import DatasetInvalidError, FeaturesInvalidError
from lambdaloop.domain.json_rows import read_json_lines
from lambdaloop.domain.online_rules import Stored
from lambdaloop.domain.shared_groups import SharedGroup
from lambdaloop.domain.stored_features import MAX_AHEAD, StoredRow, StoredValues, is_storable, read_time

EVENT_TIME = "event_time"
_SHOWN = 20
_TRUTHS = {"true": True, "false": False, "1": True, "0": False}


def read_feature_file(content: bytes, group: SharedGroup, *, source: str, now: datetime) -> list[StoredRow]:
    """Rows in the order of the file, put `now`; FeaturesInvalidError with the first problems of its header or its rows."""
    kind = format_of(source)
    if kind == "parquet":
        raise FeaturesInvalidError(
            f"{source}: Parquet is put by `lambdaloop features put` only: upload CSV or JSON Lines"
        )
    try:
        if kind == "json_lines":
            records = [*read_json_lines(content, source=source)]
            return read_feature_records(records, group, source=source, now=now)
        columns, lines = read_csv(content, source=source)
        found = [dict(zip(columns, line, strict=True)) for line in lines]
    except DatasetInvalidError as error:
        raise FeaturesInvalidError(str(error)) from error
    return _rows(columns, found, _Reader(group, now, read=_read), group, source)


def read_feature_records(
    records: Sequence[Mapping[str, Any]], group: SharedGroup, *, source: str, now: datetime
) -> list[StoredRow]:
    """The same of records whose values have types; one that lacks a key has None there."""
    columns = tuple(dict.fromkeys(name for record in records for name in record))
    whole = [{**dict.fromkeys(columns), **record} for record in records]
    return _rows(columns, whole, _Reader(group, now, read=_as_it_is), group, source)


def _rows(
    columns: Sequence[str],
    records: Sequence[Mapping[str, Any]],
    reader: "_Reader",
    group: SharedGroup,
    source: str,
) -> list[StoredRow]:
    if columns and (problem := _header_problem(columns, group)):
        raise FeaturesInvalidError(f"{source}: {problem}")
    if not records:
        raise FeaturesInvalidError(f"{source}: the file has no rows")
    problems = reader.problems(records)
    if first := list(islice(problems, _SHOWN)):
        others = sum(1 for _ in problems)
        more = [f"and {others} more"] if others else []
        raise FeaturesInvalidError("\n".join([f"{source}: nothing was put", *first, *more]))
    return reader.rows


def _header_problem(columns: Sequence[str], group: SharedGroup) -> str | None:
    wanted = [group.entity, EVENT_TIME, *group.features]
    if lacking := [name for name in wanted if name not in columns]:
        return (
            f"columns {', '.join(map(repr, lacking))} are missing: a row of group {group.name!r} needs "
            f"{', '.join(wanted)}"
        )
    if unknown := [name for name in columns if name not in wanted]:
        return f"columns {', '.join(map(repr, unknown))} are not of group {group.name!r}: remove them"
    return None


class _Reader:
    """Collects the rows that are right while it tells what is wrong with the others."""

    def __init__(self, group: SharedGroup, now: datetime, *, read: Callable[[Any, Feature], Stored]) -> None:
        self._read = read
        self.rows: list[StoredRow] = []
        self._group = group
        self._now = now
        self._values = StoredValues(group.features)
        self._seen: set[tuple[str, datetime]] = set()

    def problems(self, records: Sequence[Mapping[str, Any]]) -> Iterator[str]:
        for number, record in enumerate(records, start=1):
            found = [*self._problems_of(record)]
            yield from (f"row {number}: {problem}" for problem in found)

    def _problems_of(self, record: Mapping[str, Any]) -> Iterator[str]:
        entity, sound = _entity(record[self._group.entity]), True
        if not is_storable(entity) or not entity.strip():
            sound = False
            yield f"{self._group.entity} must be text of 1 to 256 characters, got {entity[:40]!r}"
        values: dict[str, Stored] = {}
        for name, feature in self._group.features.items():
            values[name] = self._read(record[name], feature)
            if problem := self._values.problem(name, values[name]):
                sound = False
                yield f"{name} {problem}"
        try:
            event_time = read_time(_time_text(record[EVENT_TIME]))
        except ValueError as error:
            yield f"{EVENT_TIME} {error}"
            return
        if event_time > self._now + MAX_AHEAD:
            yield f"{EVENT_TIME} {record[EVENT_TIME]} is in the future: put what is true already"
        elif (entity, event_time) in self._seen:
            yield f"{entity[:40]!r} has two rows of {record[EVENT_TIME]}: keep one of them"
        elif sound:
            self._seen.add((entity, event_time))
            self.rows.append(StoredRow(entity=entity, event_time=event_time, put_at=self._now, values=values))


def _entity(value: Any) -> Any:
    """Whole numbers are identifiers, too, wherever values have types; anything else is told to be none."""
    return str(value) if type(value) is int else value if isinstance(value, str) else ""


def _time_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _as_it_is(value: Any, feature: Feature) -> Stored:  # noqa: ARG001
    found: Stored = None if isinstance(value, float) and math.isnan(value) else value
    return found


def _read(text: str, feature: Feature) -> Stored:
    """As it would stand in a request; text that is no such value stays text, and is told to be none."""
    if not text.strip() and text not in feature.categories:
        return None
    if feature.type == "boolean":
        return _TRUTHS.get(text.strip().lower(), text)
    if feature.type not in ("number", "integer"):
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    if "_" in text:  # Python's own spelling of numbers, and nobody else's
        return text
    return int(number) if feature.type == "integer" and number.is_integer() else number
