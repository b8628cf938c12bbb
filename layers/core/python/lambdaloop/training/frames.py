"""Turns the text of a dataset into typed columns by the model definition, strictly: every problem is found and counted.

Blank text is a missing value. A frame has float64 columns (booleans as 0 and 1) and object columns of text, NaN where
a value is missing; a missing free text is an empty one.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lambdaloop.domain.definition import Feature, Label, ModelDefinition
from lambdaloop.domain.encoding import is_expected
from lambdaloop.training.tables import RawTable

_SHOWN = 10
_BOOLEANS = {"true": 1.0, "false": 0.0, "1": 1.0, "0": 0.0}


@dataclass(slots=True)
class Findings:
    """What was found in the values of a table: how often, and where first."""

    _found: dict[tuple[str, str], tuple[int, int, str]] = field(default_factory=dict)

    def add(self, column: str, kind: str, row: int, value: str) -> None:
        """Count one more of this kind in this column."""
        count, first, shown = self._found.get((column, kind), (0, row, value))
        self._found[column, kind] = (count + 1, first, shown)

    def __bool__(self) -> bool:
        """Whether anything was found."""
        return bool(self._found)

    def lines(self, table: RawTable) -> list[str]:
        """One line per column and kind."""
        return [
            f"column {column!r}: {count} × {kind}, first {_shown(value)} in {table.where(row)}"
            for (column, kind), (count, row, value) in self._found.items()
        ]


def missing_columns(table: RawTable, wanted: Sequence[str]) -> list[str]:
    """One line that names the wanted columns that the table lacks, or none."""
    lacking = [name for name in wanted if name not in table.columns]
    if not lacking:
        return []
    return [
        f"columns {', '.join(map(repr, lacking))} are missing, the files have {', '.join(map(repr, table.columns))}"
    ]


def typed_frame(
    table: RawTable, features: Mapping[str, Feature], *, problems: Findings, unexpected: Findings
) -> pd.DataFrame:
    """The columns of the features.

    A value that cannot be read, is missing without leave, or is rejected goes to `problems`; one that lies outside the
    range or the categories and is accepted goes to `unexpected`.
    """
    return pd.DataFrame(
        {
            name: _column(name, feature, table.column(name), problems, unexpected)
            for name, feature in features.items()
        }
    )


def target_values(table: RawTable, definition: ModelDefinition, problems: Findings) -> NDArray[Any]:
    """Class indices in the definition's order (int64), or numbers (float64)."""
    texts = table.column(definition.target)
    if definition.task == "regression":
        wanted = Feature(type="number")
        return _column(definition.target, wanted, texts, problems, problems)
    read = _label_reader(definition.classes)
    indices = np.zeros(len(texts), dtype=np.int64)
    unread: list[tuple[int, str]] = []
    for row, text in enumerate(texts):
        index = read(text)
        if index is not None:
            indices[row] = index
        else:
            unread.append((row, text))
    found = dict.fromkeys(text for _, text in unread if text.strip())
    kind = f"not one of the classes {_listed(definition.classes)} (found {_listed(found)})"
    for row, text in unread:
        problems.add(definition.target, kind if text.strip() else "missing", row, text)
    return indices


def _column(
    name: str, feature: Feature, texts: Sequence[str], problems: Findings, unexpected: Findings
) -> NDArray[Any]:
    read = _READERS[feature.type]
    rejects = feature.unexpected == "reject"
    checks_values = bool(feature.categories) or feature.min is not None or feature.max is not None
    values = np.full(len(texts), *_EMPTY.get(feature.type, (np.nan, np.float64)))
    for row, text in enumerate(texts):
        if not text.strip() and text not in feature.categories:
            if not feature.nullable:
                problems.add(name, "missing, but not nullable", row, text)
            continue
        value = read(text)
        if value is None:
            problems.add(name, f"not {_WORDS[feature.type]}", row, text)
            continue
        if checks_values and not is_expected(feature, value):
            kind = "not among the categories" if feature.type == "category" else "outside the range"
            (problems if rejects else unexpected).add(name, kind, row, text)
        values[row] = value
    return values


def read_number(text: str) -> float | None:
    """A finite number; None when the text is something else."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None


def _read_integer(text: str) -> float | None:
    value = read_number(text)
    return value if value is not None and value.is_integer() else None


def _read_boolean(text: str) -> float | None:
    return _BOOLEANS.get(text.strip().lower())


def _read_text(text: str) -> str:
    return text


_READERS: Mapping[str, Callable[[str], Any]] = {
    "number": read_number,
    "integer": _read_integer,
    "boolean": _read_boolean,
    "category": _read_text,
    "text": _read_text,
}
_EMPTY: Mapping[str, tuple[Any, Any]] = {"category": (np.nan, object), "text": ("", object)}
_WORDS = {"number": "a finite number", "integer": "a whole number", "boolean": "true or false"}


def _label_reader(classes: Sequence[Label]) -> Callable[[str], int | None]:
    """Reads a label as the type that the definition gives it."""
    by_text = {label: index for index, label in enumerate(classes) if isinstance(label, str)}
    by_truth = {label: index for index, label in enumerate(classes) if isinstance(label, bool)}
    by_number = {
        float(label): index
        for index, label in enumerate(classes)
        if isinstance(label, int) and not isinstance(label, bool)
    }

    def read(text: str) -> int | None:
        if text in by_text:
            return by_text[text]
        if by_truth and (truth := {"true": True, "false": False}.get(text.strip().lower())) is not None:
            return by_truth.get(truth)
        number = read_number(text)
        return by_number.get(number) if number is not None else None

    return read


def _shown(value: str) -> str:
    return repr(value if len(value) <= 40 else value[:37] + "...")


def _listed(values: Collection[Label]) -> str:
    """The first ten, quoted as they are meant."""
    shown = [_shown(value) if isinstance(value, str) else repr(value) for value in islice(values, _SHOWN)]
    more = [f"{len(values) - _SHOWN} more"] if len(values) > _SHOWN else []
    return ", ".join([*shown, *more])
