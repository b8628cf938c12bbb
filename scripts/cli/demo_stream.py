"""What the closed-loop demo replays: a file in time order, or the built-in stream; the first part of it is training data."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambdaloop.domain import csv_rows
from lambdaloop.domain.definition import FeatureType, Label, ModelDefinition
from lambdaloop.domain.errors import DatasetInvalidError, LambdaloopError
from scripts.cli import drifting_stream
from scripts.cli.predict import read_csv

TRAINING_SHARE = 0.2
BUILT_IN_DAYS = 90
"""How many days of the built-in stream are replayed where nothing else is said."""
_BUILT_IN_TRAINING_DAYS = 22
_DATATYPES: Mapping[FeatureType, str] = {
    "number": "FP64",
    "integer": "INT64",
    "boolean": "BOOL",
    "category": "BYTES",
    "text": "BYTES",
}


class StreamTooShortError(LambdaloopError):
    """There are too few rows to train on some and replay others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Files with rows in time order."""

    whole: Path
    """Everything: it says which columns there are."""
    training: Path
    """The first part."""
    replay: Path
    """The rest."""
    target: str
    rows_per_day: int
    label_days: Sequence[int]
    """By row of the replay: on which of its days (0, 1 …) the label is known."""

    @property
    def days(self) -> int:
        """How many days the replay takes; the last one may be a part of a day."""
        return -(-len(self.label_days) // self.rows_per_day)

    def rows(self, definition: ModelDefinition) -> list[dict[str, Any]]:
        """Of the replay, as the model takes them."""
        types = {name: _DATATYPES[feature.type] for name, feature in definition.features.items()}
        return read_csv(self.replay, types)

    def actuals(self, definition: ModelDefinition) -> list[Label | float]:
        """Of the replay: what really happened, by row."""
        columns, rows = csv_rows.read_csv(self.replay.read_bytes(), source=str(self.replay))
        target = columns.index(self.target)
        return [_actual(row[target], definition) for row in rows]


def built_in_stream(folder: Path, *, days: int | None, rows_per_day: int, label_delay_days: int) -> Stream:
    """The stream of `drifting_stream`, written below `folder`."""
    orders = list(
        drifting_stream.generate(
            training_days=_BUILT_IN_TRAINING_DAYS,
            days=days or BUILT_IN_DAYS,
            rows_per_day=rows_per_day,
            label_delay_days=label_delay_days,
        )
    )
    header = list(orders[0].row)
    rows = [list(map(str, order.row.values())) for order in orders]
    first = _BUILT_IN_TRAINING_DAYS * rows_per_day
    return _written(
        folder,
        name="shop-returns",
        header=header,
        rows=rows,
        first=first,
        target=drifting_stream.TARGET,
        rows_per_day=rows_per_day,
        label_days=[order.label_day - _BUILT_IN_TRAINING_DAYS for order in orders[first:]],
    )


def stream_of_file(
    data: Path, folder: Path, *, target: str, days: int | None, rows_per_day: int, label_delay_days: int
) -> Stream:
    """A CSV file with rows in time order: TRAINING_SHARE of it for training, then `days` days, or all that is left.

    Raises StreamTooShortError when not even a day is left.
    """
    header, lines = csv_rows.read_csv(data.read_bytes(), source=str(data))
    rows = list(lines)
    first = int(len(rows) * TRAINING_SHARE)
    last = len(rows) if days is None else min(len(rows), first + days * rows_per_day)
    if last - first < rows_per_day:
        raise StreamTooShortError(
            f"{data} has {len(rows)} rows, of which {first} are training data: not one day of {rows_per_day} rows is left "
            "to replay: lower --rows-per-day, or take a longer file"
        )
    return _written(
        folder,
        name=data.stem,
        header=header,
        rows=rows[:last],
        first=first,
        target=target,
        rows_per_day=rows_per_day,
        label_days=[row // rows_per_day + label_delay_days for row in range(last - first)],
    )


def _written(
    folder: Path,
    *,
    name: str,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    first: int,
    target: str,
    rows_per_day: int,
    label_days: Sequence[int],
) -> Stream:
    parts = {"whole": rows, "training": rows[:first], "replay": rows[first:]}
    paths = {part: folder / part / f"{name}.csv" for part in parts}
    for part, path in paths.items():
        _write_csv(path, header, parts[part])
    return Stream(**paths, target=target, rows_per_day=rows_per_day, label_days=label_days)


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def _actual(text: str, definition: ModelDefinition) -> Label | float:
    """The class that this text means, or the number.

    Raises DatasetInvalidError for a text that means none.
    """
    try:
        if definition.task == "regression":
            return float(text)
        return next(label for label in definition.classes if _means(text, label))
    except (ValueError, StopIteration) as error:
        wanted = "a number" if definition.task == "regression" else f"one of {definition.classes}"
        raise DatasetInvalidError(f"{definition.target} must be {wanted}, got {text!r}") from error


def _means(text: str, label: Label) -> bool:
    if isinstance(label, bool):
        return text.strip().lower() == str(label).lower()
    return text == label if isinstance(label, str) else float(text) == label
