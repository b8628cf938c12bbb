"""Values that come with a type (JSON Lines, Parquet) as the text that a CSV file of the same data would hold.

The one way of reading text is then the way of reading all data. Before, each value is held against what the definition says of
its column: the text "12" is no number where its writer had the choice, and 1.0 is no name of a category.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.errors import DatasetInvalidError

Columns = Mapping[str, list[Any]]
"""Values by column, all of one length; None is a missing one."""

_NUMBERS = frozenset({int, float, Decimal})
_TIMES = frozenset({str, datetime, date})
_TYPES: Mapping[str, frozenset[type]] = {
    "number": _NUMBERS,
    "integer": _NUMBERS,
    "boolean": frozenset({bool, int}),
    "category": frozenset({str, int}),
    "text": frozenset({str, int}),
}
_WORDS: Mapping[type, str] = {
    bool: "a truth",
    int: "a whole number",
    float: "a number with a fraction part",
    Decimal: "a decimal number",
    str: "text",
    bytes: "bytes",
    datetime: "a time",
    date: "a date",
    list: "a list",
    dict: "an object",
}


def wanted_types(definition: ModelDefinition) -> dict[str, frozenset[type]]:
    """The types of values that each column may have that the definition reads; others are not looked at."""
    wanted = {name: _TYPES[feature.type] for name, feature in definition.features.items()}
    if definition.task == "regression":
        wanted[definition.target] = _NUMBERS
    else:
        labels = {type(label) for label in definition.classes}
        wanted[definition.target] = frozenset(
            {*labels, *([int] if str in labels else []), *([float] if int in labels else [])}
        )
    if definition.entity:
        wanted[definition.entity] = frozenset({str, int})
    if definition.online:
        wanted[definition.online.event_time] = _TIMES
    return wanted


class TypedText:
    """Spells the values of one file, and remembers those that are of a wrong type."""

    def __init__(self, wanted: Mapping[str, frozenset[type]], *, source: str) -> None:
        self._wanted = wanted
        self._source = source
        self._rows = 0
        self._found: dict[tuple[str, type], tuple[int, int, Any]] = {}

    def add(self, batch: Columns) -> dict[str, list[str]]:
        """The text of the columns that are wanted, of further rows."""
        texts = {name: self._column(name, values) for name, values in batch.items() if name in self._wanted}
        self._rows += max(map(len, batch.values()), default=0)
        return texts

    def check(self) -> None:
        """DatasetInvalidError with a line for each column and wrong type."""
        if self._found:
            lines = [
                f"column {name!r}: {count} × {_name(kind)} where {_meant(self._wanted[name])} is wanted, first "
                f"{_shown(value)} in {self._source} row {row}: write it as such, or change the definition"
                for (name, kind), (count, row, value) in self._found.items()
            ]
            raise DatasetInvalidError("\n".join(lines))

    def _column(self, name: str, values: list[Any]) -> list[str]:
        for kind in {*map(type, values)} - self._wanted[name] - {type(None)}:
            places = [
                place for place, value in enumerate(values) if type(value) is kind and not _missing(value)
            ]
            if places:
                first = (self._rows + places[0] + 1, values[places[0]])
                count, *known = self._found.get((name, kind), (0, *first))
                self._found[name, kind] = (count + len(places), known[0], known[1])
        return spell(values)


def spell(values: Iterable[Any]) -> list[str]:
    """What a CSV file would hold; values of types that it has no words for are blank, `TypedText` tells of them.

    >>> from datetime import date
    >>> spell([None, 1, 0.1, float("nan"), True, "a", Decimal("1.50"), date(2026, 3, 2)])
    ['', '1', '0.1', '', 'true', 'a', '1.50', '2026-03-02']
    """
    return [_SPELLING.get(type(value), _blank)(value) for value in values]


def _float(value: float) -> str:
    return "" if math.isnan(value) else repr(value)


def _blank(value: Any) -> str:  # noqa: ARG001
    return ""


_SPELLING: Mapping[type, Callable[[Any], str]] = {
    str: str,
    int: str,
    float: _float,
    bool: lambda value: "true" if value else "false",
    Decimal: lambda value: format(value, "f"),
    datetime: datetime.isoformat,
    date: date.isoformat,
}


def _missing(value: Any) -> bool:
    """NaN is how writers without nulls say that there is none."""
    return isinstance(value, float) and math.isnan(value)


def _name(kind: type) -> str:
    return _WORDS.get(kind, kind.__name__)


def _meant(kinds: frozenset[type]) -> str:
    if kinds >= _NUMBERS:
        return "a number"
    if datetime in kinds:
        return "a time"
    return " or ".join(sorted(_WORDS[kind] for kind in kinds))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
