"""The text of a dataset as its files have it, with enough memory to say where a value came from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from lambdaloop.domain.csv_rows import read_csv
from lambdaloop.domain.dataset import CapturedRows, Dataset, DatasetFile
from lambdaloop.domain.labelled_rows import CAPTURED, PREDICTION_ID, times_of
from lambdaloop.training.data_rows import data_texts


@dataclass(frozen=True, kw_only=True)
class RawTable:
    """Rows of text; all files share the columns."""

    columns: tuple[str, ...]
    rows: Sequence[list[str]]
    files: tuple[DatasetFile, ...]
    captured: "CapturedTable | None" = None
    """Rows out of the prediction log, beside those of the files."""

    @cached_property
    def _place(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.columns)}

    def column(self, name: str) -> list[str]:
        """One column; KeyError when there is none."""
        place = self._place[name]
        return [row[place] for row in self.rows]

    def where(self, number: int) -> str:
        """File and row, counted from 1 without the header, of the row with this index."""
        first = 0
        for file in self.files:
            if number < first + file.rows:
                return f"{file.source} row {number - first + 1}"
            first += file.rows
        raise IndexError(f"the dataset has {first} rows, asked for index {number}")


@dataclass(frozen=True, kw_only=True)
class CapturedTable:
    """Rows out of the prediction log, oldest first."""

    table: RawTable
    times: tuple[datetime, ...]
    """When each prediction was made."""
    held_out: int
    """The last so many rows compare the winner with the champion."""
    until: datetime
    """Ages of rows are taken from here."""

    @property
    def newest(self) -> RawTable:
        """The rows that are held out."""
        return RawTable(
            columns=self.table.columns, rows=self.table.rows[-self.held_out :], files=self.table.files
        )


def read_table(
    dataset: Dataset,
    read: Callable[[DatasetFile], bytes],
    *,
    wanted: Mapping[str, frozenset[type]],
    captured: bytes | None = None,
) -> RawTable:
    """All rows of a dataset in the order of its files; `captured` is the content of its captured rows' file.

    wanted: the columns that will be read, and what types they may have in files whose values have types.
    """
    rows: list[list[str]] = []
    for file in dataset.files:
        rows.extend(data_texts(read(file), dataset.columns, wanted=wanted, source=file.source))
    return RawTable(
        columns=dataset.columns,
        rows=rows,
        files=dataset.files,
        captured=_captured(dataset.captured, captured) if dataset.captured and captured else None,
    )


def _captured(manifest: CapturedRows, content: bytes) -> CapturedTable:
    columns, rows = read_csv(content, source=CAPTURED)
    file = DatasetFile(
        key=CAPTURED,
        version_id=manifest.file.version_id,
        sha256=manifest.file.sha256,
        size=manifest.file.size,
        rows=manifest.rows,
    )
    table = RawTable(columns=columns, rows=list(rows), files=(file,))
    return CapturedTable(
        table=table,
        times=times_of(table.column(PREDICTION_ID)),
        held_out=manifest.held_out,
        until=manifest.until,
    )
