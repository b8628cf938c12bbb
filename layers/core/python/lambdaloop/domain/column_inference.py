"""Guesses from the text of a column what kind of feature it is, or why it is none."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lambdaloop.domain.definition import Feature

MAX_CATEGORIES = 50
_WHOLE = re.compile(r"\s*[+-]?\d+\s*")
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")
_MARKERS = frozenset({"?", "-", "na", "n/a", "nan", "null", "none", "missing", "unknown"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A feature, or the reason why the column is left out."""

    feature: Feature | None = None
    left_out: str | None = None


def guess_feature(texts: Sequence[str], *, words: bool = False) -> Guess:
    """What a column of text is; blank text is a missing value.

    words: its writer made it text, so no number and no truth is read from it.

    >>> guess_feature(["1.5", "", "2"]).feature
    Feature(type='number', nullable=True, min=1.5, max=2.0, categories=(), ordered=False, unexpected='accept')
    """
    known = Counter(text for text in texts if text.strip())
    nullable = known.total() < len(texts)
    if not known:
        return Guess(left_out="has no value")
    if len(known) == 1 and not nullable:
        return Guess(left_out=f"is {next(iter(known))!r} in every row")
    if not words and {text.strip().lower() for text in known} <= {"true", "false"}:
        return Guess(feature=Feature(type="boolean", nullable=nullable))
    if not words and all(map(is_number, known)):
        return _guess_number(known, nullable)
    if all(map(_is_date, known)):
        return Guess(left_out="holds dates: derive numbers such as an age or a weekday, if they matter")
    others = [text for text in known if not is_number(text)]
    if not words and len(others) < len(known) and all(text.strip().lower() in _MARKERS for text in others):
        return Guess(
            left_out=f"holds numbers but for {', '.join(map(repr, sorted(others)))}: leave those fields empty"
        )
    if len(known) == known.total() and len(known) > 2:
        return Guess(left_out="is different text in every row: an identifier?")
    if len(known) > MAX_CATEGORIES:
        return Guess(left_out=f"has {len(known)} different texts: free text, or group the rare ones")
    return Guess(feature=Feature(type="category", nullable=nullable, categories=tuple(sorted(known))))


def is_number(text: str) -> bool:
    """Whether the text is a finite decimal number."""
    return _NUMBER.fullmatch(text) is not None and abs(float(text)) < float("inf")


def is_whole(text: str) -> bool:
    """Whether the text is a number written without a fraction."""
    return _WHOLE.fullmatch(text) is not None


def _guess_number(known: Counter[str], nullable: bool) -> Guess:
    values = [float(text) for text in known]
    low, high = min(values), max(values)
    if all(map(is_whole, known)):
        if len(known) == known.total() > 2 and high - low == len(known) - 1:
            return Guess(left_out="numbers the rows: an identifier?")
        return Guess(feature=Feature(type="integer", nullable=nullable, min=low, max=high))
    return Guess(feature=Feature(type="number", nullable=nullable, min=low, max=high))


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text.strip())
    except ValueError:
        return False
    return True
