"""Reads a file of data by what its name says it is: CSV, Parquet or JSON Lines."""

from collections.abc import Iterator, Mapping, Sequence

from lambdaloop.domain.csv_rows import read_csv
from lambdaloop.domain.data_files import format_of
from lambdaloop.domain.errors import DatasetInvalidError
from lambdaloop.domain.json_rows import json_batches, json_columns
from lambdaloop.domain.typed_cells import Columns, TypedText


def data_columns(content: bytes, *, source: str) -> tuple[tuple[str, ...], int]:
    """Columns and number of rows of one whole file; DatasetInvalidError where it cannot be read to its end."""
    match format_of(source):
        case "parquet":
            from lambdaloop.training.parquet_rows import parquet_columns  # only where there is such a file

            return parquet_columns(content, source=source)
        case "json_lines":
            return json_columns(content, source=source)
        case _:
            columns, rows = read_csv(content, source=source)
            return columns, sum(1 for _ in rows)


def typed_batches(content: bytes, columns: Sequence[str], *, source: str) -> Iterator[Columns]:
    """The values of these columns of a file that has types, in batches; a column that it lacks is not in them."""
    if format_of(source) == "parquet":
        from lambdaloop.training.parquet_rows import parquet_batches  # only where there is such a file

        return parquet_batches(content, frozenset(columns), source=source)
    return json_batches(content, columns, source=source)


def data_texts(
    content: bytes, columns: Sequence[str], *, wanted: Mapping[str, frozenset[type]], source: str
) -> Iterator[list[str]]:
    """The rows as text, in the order of these columns; of a file that has types, only the wanted columns have text.

    DatasetInvalidError, for the rows while they are read, and for wrong types at the end.
    """
    if format_of(source) in (None, "csv"):
        yield from read_csv(content, source=source)[1]
        return
    spelled = TypedText(wanted, source=source)
    used = [name for name in columns if name in wanted]
    for batch in typed_batches(content, used, source=source):
        texts = spelled.add(batch)
        rows = len(next(iter(texts.values()), ()))
        blank = [""] * rows
        yield from map(list, zip(*(texts.get(name, blank) for name in columns), strict=True))
    spelled.check()


def check_columns(first: str, columns: Sequence[str], other: str, others: Sequence[str]) -> None:
    """DatasetInvalidError unless a further file has the columns of the first one: CSV in their order, JSON Lines those it needs."""
    parts = []
    kind = format_of(other)
    lacking = [name for name in columns if name not in others]
    if lacking and kind != "json_lines":
        parts.append(f"{other} lacks {', '.join(map(repr, lacking))}")
    if extra := [name for name in others if name not in columns]:
        parts.append(f"{other} adds {', '.join(map(repr, extra))}")
    if not parts and kind in (None, "csv") and list(others) != list(columns):
        parts.append(f"{other} has them in another order: {', '.join(map(repr, others))}")
    if parts:
        raise DatasetInvalidError(f"all files must have the columns of {first}: {'; '.join(parts)}")
