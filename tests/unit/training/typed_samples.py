"""The same table in every format that training data may have."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from arro3.core import Array, DataType, Table
from arro3.io import write_parquet

from tests.unit.training.sample_data import sample_csv

_KINDS: Mapping[type, DataType] = {
    bool: DataType.bool(),
    int: DataType.int64(),
    float: DataType.float64(),
    str: DataType.string(),
}


def sample_columns() -> dict[str, list[Any]]:
    """The sample with the types that its writer would have given it; a blank is None."""
    header, *rows = csv.reader(io.StringIO(sample_csv().decode(), newline=""))
    texts = dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))
    read: dict[str, Any] = {
        "amount": float,
        "since": int,
        "age": int,
        "score": float,
        "active": lambda text: text == "true",
    }
    return {
        name: [None if text == "" else read.get(name, str)(text) for text in values]
        for name, values in texts.items()
    }


def parquet(columns: Mapping[str, Sequence[Any]], **options: Any) -> bytes:
    """A Parquet file whose columns have the type of their first value."""
    arrays: dict[str, Any] = {name: _array(values) for name, values in columns.items()}
    stream = io.BytesIO()
    write_parquet(Table.from_pydict(arrays), stream, **options)
    return stream.getvalue()


def json_lines(columns: Mapping[str, Sequence[Any]]) -> bytes:
    """JSON Lines that leave out what is missing."""
    rows = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
    return b"".join(
        json.dumps({name: value for name, value in row.items() if value is not None}).encode() + b"\n"
        for row in rows
    )


def _array(values: Sequence[Any]) -> Array:
    kind = next((type(value) for value in values if value is not None), str)
    return Array(list(values), type=_KINDS[kind])
