"""The history of a group as it lies in the data bucket: CSV files whose content never changes.

A file is named by what was put, so putting the same rows again finds what the first attempt left, and with it the time
at which they were put first. Each row holds entity, event time, time of the put, and the values as JSON.
"""

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from lambdaloop.domain.csv_rows import read_csv
from lambdaloop.domain.errors import DatasetInvalidError
from lambdaloop.domain.stored_features import (
    StoredRow,
    history_prefix,
    read_time,
    read_values,
    write_time,
    write_values,
)

COLUMNS = ("entity", "event_time", "put_at", "values")


def history_key(group: str, rows: Sequence[StoredRow]) -> str:
    """Where these rows lie, whenever they are put."""
    told = _text([replace(row, put_at=row.event_time) for row in rows])
    return f"{history_prefix(group)}{hashlib.sha256(told).hexdigest()}.csv"


def write_history(rows: Sequence[StoredRow]) -> bytes:
    """The file."""
    return _text(rows)


def read_history(content: bytes, *, source: str) -> list[StoredRow]:
    """The inverse of `write_history`; DatasetInvalidError names the row that is none."""
    columns, rows = read_csv(content, source=source)
    if columns != COLUMNS:
        raise DatasetInvalidError(
            f"{source}: a history has the columns {', '.join(COLUMNS)}, got {', '.join(columns)}: "
            "put files with `lambdaloop features put`, and leave its folder alone"
        )
    found = []
    for number, (entity, event_time, put_at, values) in enumerate(rows, start=1):
        try:
            found.append(
                StoredRow(
                    entity=entity,
                    event_time=read_time(event_time),
                    put_at=read_time(put_at),
                    values=read_values(values),
                )
            )
        except ValueError as error:
            raise DatasetInvalidError(f"{source}: row {number} cannot be read: {error}") from error
    return found


def put_time(content: bytes, *, source: str) -> datetime:
    """When the rows of a file were put first."""
    return read_history(content, source=source)[0].put_at


def _text(rows: Sequence[StoredRow]) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow(
            (row.entity, write_time(row.event_time), write_time(row.put_at), write_values(row.values))
        )
    return stream.getvalue().encode()
