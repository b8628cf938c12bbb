"""One reading of JSON Lines: a JSON object a line, whose values have types, and whose absent keys are missing values."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from lambdaloop.domain.errors import DatasetInvalidError
from lambdaloop.domain.typed_cells import Columns

_BATCH = 2000


def json_columns(content: bytes, *, source: str) -> tuple[tuple[str, ...], int]:
    """Every key in the order of its first appearance, and the number of rows; DatasetInvalidError names the line."""
    columns: dict[str, None] = {}
    rows = 0
    for record in read_json_lines(content, source=source):
        columns.update(dict.fromkeys(record))
        rows += 1
    if not rows:
        raise DatasetInvalidError(f"{source}: the file has no rows: write one JSON object a line")
    return tuple(columns), rows


def json_batches(content: bytes, columns: Sequence[str], *, source: str) -> Iterator[Columns]:
    """The rows in batches of columns; a key that a row lacks is None there."""
    batch: list[dict[str, Any]] = []
    for record in read_json_lines(content, source=source, checked=True):
        batch.append(record)
        if len(batch) == _BATCH:
            yield {name: [each.get(name) for each in batch] for name in columns}
            batch = []
    if batch:
        yield {name: [each.get(name) for each in batch] for name in columns}


def read_json_lines(content: bytes, *, source: str, checked: bool = False) -> Iterator[dict[str, Any]]:
    """One object for each line that is not blank, while they are read: DatasetInvalidError names the line.

    checked: these very bytes were read before, so no key is there twice; looking for that takes twice as long as all the rest.
    """
    hook = None if checked else _object
    # Not splitlines(): JSON text may hold line separators of Unicode that end no line of the file.
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line.decode("utf-8"), object_pairs_hook=hook, parse_constant=_no_number)
        except UnicodeDecodeError as error:
            raise DatasetInvalidError(
                f"{source}: line {number} is not UTF-8: save the file as UTF-8"
            ) from error
        except (ValueError, RecursionError) as error:
            raise DatasetInvalidError(
                f'{source}: line {number} is no JSON object: {error}: write one object a line, such as {{"age": 41}}'
            ) from error
        if not isinstance(record, dict):
            raise DatasetInvalidError(
                f"{source}: line {number} is {type(record).__name__}, not a JSON object: write one object a line, "
                'such as {"age": 41}'
            )
        yield record


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} is there twice")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON: write null for a missing value")
