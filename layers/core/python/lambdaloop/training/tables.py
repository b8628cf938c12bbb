"""The text of a dataset as it lies in its CSV files, with enough memory to say where a value came from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from lambdaloop.domain.csv_rows import read_csv
from lambdaloop.domain.dataset import Dataset, DatasetFile


@dataclass(frozen=True, kw_only=True)
class RawTable:
    """Rows of text; all files share the columns."""

    columns: tuple[str, ...]
    rows: Sequence[list[str]]
    files: tuple[DatasetFile, ...]

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
                return f"{file.key} row {number - first + 1}"
            first += file.rows
        raise IndexError(f"the dataset has {first} rows, asked for index {number}")


def read_table(dataset: Dataset, read: Callable[[DatasetFile], bytes]) -> RawTable:
    """All rows of a dataset in the order of its files."""
    rows: list[list[str]] = []
    for file in dataset.files:
        rows.extend(read_csv(read(file), source=file.key)[1])
    return RawTable(columns=dataset.columns, rows=rows, files=dataset.files)
