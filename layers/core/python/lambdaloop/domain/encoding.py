"""Turns rows of plain values into the one float64 matrix that a served model takes, and says what is wrong with them.

Training encodes with the same code, so a value cannot mean one thing there and another here. Pure Python: it runs
in front of every prediction, a few microseconds per row.
"""

import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lambdaloop.domain.definition import Feature
from lambdaloop.domain.signature import Signature

UNSEEN = -1.0
"""Code of a category that training did not know."""
MAX_TEXT = 10_000
"""Characters of a text that is no known category."""
MOST_PROBLEMS = 10_000
"""Nothing is looked for beyond: thousands of empty rows lack millions of values, and to list these needs gigabytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    """One thing wrong with one row."""

    row: int
    """Index into the rows, from 0."""
    field: str
    problem: str
    """Says the value got and what is wanted."""


class RowsInvalidError(ValueError):
    """Rows do not fit the signature; carries every problem, or the first 10,000, in the order of the rows."""

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        first = problems[0]
        super().__init__(
            f"{len(problems)} problems, the first in row {first.row}: {first.field!r} {first.problem}"
        )
        self.problems = tuple(problems)


class RowEncoder:
    """Encodes rows by one signature.

    number and integer as themselves, boolean as 0 or 1, missing as NaN; a category as its index, missing as the number
    of categories, unseen as -1. Text has no number: its cells are 0, and the model reads it from the rows.
    """

    def __init__(self, signature: Signature) -> None:
        self._cells = [_Cell(name, feature) for name, feature in signature.features.items()]
        self._allowed = {*signature.features, *([signature.entity] if signature.entity else ())}

    def encode(self, rows: Sequence[Mapping[str, Any]]) -> "array[float]":
        """The matrix [rows, features], row after row. Raises RowsInvalidError with every problem, or the first 10,000."""
        matrix = array("d")
        problems: list[RowProblem] = []
        for number, row in enumerate(rows):
            if not row.keys() <= self._allowed:
                problems += [
                    RowProblem(row=number, field=name, problem="is not a field of this model: remove it")
                    for name in row
                    if name not in self._allowed
                ]
            for cell in self._cells:
                try:
                    matrix.append(cell.encode(row.get(cell.name)))
                except _CellError as error:
                    problems.append(RowProblem(row=number, field=cell.name, problem=str(error)))
                    if len(problems) >= MOST_PROBLEMS:
                        raise RowsInvalidError(problems) from None
        if problems:
            raise RowsInvalidError(problems)
        return matrix


def is_expected(feature: Feature, value: float | str) -> bool:
    """Whether a value lies in the feature's range or among its categories."""
    if feature.type == "category":
        return value in feature.categories
    if feature.type == "text":
        return isinstance(value, str)
    if isinstance(value, str):
        return False
    return (feature.min is None or value >= feature.min) and (feature.max is None or value <= feature.max)


class _CellError(ValueError):
    """Why a value cannot be encoded."""


class _Cell:
    """Encodes the values of one feature."""

    __slots__ = ("_codes", "_high", "_low", "_missing", "_reject", "encode", "feature", "name")

    def __init__(self, name: str, feature: Feature) -> None:
        self.name = name
        self.feature = feature
        self._reject = feature.unexpected == "reject"
        self._low = -math.inf if feature.min is None else feature.min
        self._high = math.inf if feature.max is None else feature.max
        self._codes = {text: float(index) for index, text in enumerate(feature.categories)}
        self._missing = float(len(feature.categories)) if feature.type == "category" else math.nan
        if feature.type == "text":
            self._missing = 0.0
        self.encode = {
            "number": self._number,
            "integer": self._integer,
            "boolean": self._boolean,
            "category": self._category,
            "text": self._text,
        }[feature.type]

    def _number(self, value: Any) -> float:
        kind = type(value)
        if kind is not float:
            if value is None:
                return self._absent()
            if kind is not int:
                raise _CellError(f"must be a number, got {_shown(value)}")
            try:
                value = float(value)
            except OverflowError:
                raise _CellError("must be a number below 1.8e308, got a greater one") from None
        if not math.isfinite(value):
            raise _CellError(f"must be a finite number, got {value}")
        if self._reject and not self._low <= value <= self._high:
            raise _CellError(f"must be {self._low:g} to {self._high:g}, got {value:g}")
        return float(value)

    def _integer(self, value: Any) -> float:
        number = self._number(value)
        if number % 1:  # NaN (missing) compares as true, too
            if number != number:  # noqa: PLR0124  (cheaper than math.isnan in the hot path)
                return number
            raise _CellError(f"must be a whole number, got {_shown(value)}")
        return number

    def _boolean(self, value: Any) -> float:
        if value is True or value is False:
            return float(value)
        if value is None:
            return self._absent()
        if type(value) in (int, float) and value in (0, 1):
            return float(value)
        raise _CellError(f"must be true or false, got {_shown(value)}")

    def _category(self, value: Any) -> float:
        if value is None:
            return self._absent()
        if type(value) is not str:
            raise _CellError(f"must be text, got {_shown(value)}")
        code = self._codes.get(value)
        if code is not None:
            return code
        if len(value) > MAX_TEXT:
            raise _CellError(f"has {len(value)} characters, at most {MAX_TEXT} are taken")
        if not value.strip():
            return self._absent()
        if self._reject:
            known = list(self._codes)
            more = f" or one of {len(known) - 10} more" if len(known) > 10 else ""
            raise _CellError(f"must be one of {', '.join(known[:10])}{more}, got {_shown(value)}")
        return UNSEEN

    def _text(self, value: Any) -> float:
        if value is None:
            return self._absent()
        if type(value) is not str:
            raise _CellError(f"must be text, got {_shown(value)}")
        return 0.0

    def _absent(self) -> float:
        if not self.feature.nullable:
            raise _CellError("is missing: give a value")
        return self._missing


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
