"""Reads Parquet with its own types, batch by batch, so that memory holds the file and one batch decoded, not all of it."""

from collections.abc import Iterator
from contextlib import contextmanager

from arro3.core import RecordBatch, RecordBatchReader
from arro3.io import read_parquet

from lambdaloop.domain.errors import DatasetInvalidError
from lambdaloop.domain.typed_cells import Columns

_MAGIC, _ENCRYPTED = b"PAR1", b"PARE"
_LEAST = 12
_BATCH = 4096


def parquet_columns(content: bytes, *, source: str) -> tuple[tuple[str, ...], int]:
    """The names of the columns, and the number of rows; every page is decoded, so that later steps will not fail on one."""
    reader = _open(content, source)
    columns = tuple(reader.schema.names)
    if repeated := sorted({name for name in columns if columns.count(name) > 1}):
        raise DatasetInvalidError(
            f"{source}: column names must differ, repeated: {', '.join(map(repr, repeated))}"
        )
    return columns, sum(batch.num_rows for batch in _batches(reader, source))


def parquet_batches(content: bytes, columns: frozenset[str], *, source: str) -> Iterator[Columns]:
    """The rows in batches of those columns that are wanted."""
    reader = _open(content, source)
    places = [(place, name) for place, name in enumerate(reader.schema.names) if name in columns]
    for batch in _batches(reader, source):
        yield {name: list(batch.column(place).to_pylist()) for place, name in places}


def _open(content: bytes, source: str) -> RecordBatchReader:
    if content[-4:] == _ENCRYPTED:
        raise DatasetInvalidError(f"{source} is encrypted Parquet: write it without a key")
    if len(content) < _LEAST or content[:4] != _MAGIC or content[-4:] != _MAGIC:
        raise DatasetInvalidError(
            f"{source} is no whole Parquet file: upload it again, or name it as what it is"
        )
    with _readable(source):
        return read_parquet(content, batch_size=_BATCH)


def _batches(reader: RecordBatchReader, source: str) -> Iterator[RecordBatch]:
    while True:
        with _readable(source):
            batch = next(reader, None)
        if batch is None:
            return
        yield batch


@contextmanager
def _readable(source: str) -> Iterator[None]:
    """DatasetInvalidError for what the reader has against a file."""
    try:
        yield
    except (
        BaseException
    ) as error:  # it is not Python: it raises Exception itself, or panics, which is a BaseException
        if type(error) is Exception or type(error).__name__ == "PanicException":
            raise DatasetInvalidError(
                f"{source} cannot be read as Parquet: {error}: write the file again"
            ) from error
        raise
