"""One reading of CSV for everybody who touches training data, so that counts, hashes and values agree between steps."""

import csv
import io
from collections.abc import Iterator

from lambdaloop.domain.errors import DatasetInvalidError


def read_csv(content: bytes, *, source: str) -> tuple[tuple[str, ...], Iterator[list[str]]]:
    """The column names and the data rows of one file: UTF-8, comma-separated, quoted fields may hold line breaks.

    Blank lines are no rows. `source` is what error messages call the file. Raises DatasetInvalidError, for the
    rows while they are read.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetInvalidError(
            f"{source}: byte {error.start} is not UTF-8: save the file as UTF-8"
        ) from error
    rows = _rows(text, source)
    columns = tuple(next(rows, ()))
    if not columns:
        raise DatasetInvalidError(f"{source}: the file has no header: its first line must name the columns")
    if repeated := sorted({name for name in columns if columns.count(name) > 1}):
        raise DatasetInvalidError(
            f"{source}: column names must differ, repeated: {', '.join(map(repr, repeated))}"
        )
    return columns, _whole(rows, len(columns), source)


def _rows(text: str, source: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            if row:
                yield row
    except csv.Error as error:
        raise DatasetInvalidError(f"{source}: line {reader.line_num} is not CSV: {error}") from error


def _whole(rows: Iterator[list[str]], width: int, source: str) -> Iterator[list[str]]:
    for number, row in enumerate(rows, start=1):
        if len(row) != width:
            raise DatasetInvalidError(
                f"{source}: row {number} has {len(row)} fields, the header has {width}: quote fields that hold commas"
            )
        yield row
