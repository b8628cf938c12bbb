"""Reads files whose values have types, Parquet and JSON Lines, from disk: for `init`, `predict --rows` and `features put`."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from lambdaloop.domain.typed_cells import spell
from lambdaloop.training.data_rows import data_columns, typed_batches


@dataclass(frozen=True)
class TypedFile:
    """All values of a file, by column."""

    columns: Mapping[str, Sequence[Any]]

    @property
    def texts(self) -> dict[str, list[str]]:
        """As a CSV file would hold them."""
        return {name: spell(values) for name, values in self.columns.items()}

    @property
    def words(self) -> frozenset[str]:
        """The columns that hold nothing but text, which a CSV file could not tell from numbers."""
        return frozenset(
            name
            for name, values in self.columns.items()
            if {type(value) for value in values if value is not None} == {str}
        )

    def rows(self) -> list[dict[str, Any]]:
        """As JSON has them, row by row."""
        plain = {name: [_as_json(value) for value in values] for name, values in self.columns.items()}
        return [dict(zip(plain, row, strict=True)) for row in zip(*plain.values(), strict=True)]


def read_typed(path: Path) -> TypedFile:
    """DatasetInvalidError when the file is not what its name says."""
    content = path.read_bytes()
    names, _ = data_columns(content, source=str(path))
    columns: dict[str, list[Any]] = {name: [] for name in names}
    for batch in typed_batches(content, names, source=str(path)):
        for name, values in batch.items():
            columns[name] += values
    return TypedFile(columns)


def _as_json(value: Any) -> Any:
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return value
