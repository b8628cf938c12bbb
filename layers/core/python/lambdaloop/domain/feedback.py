"""Labels as users send them, judged one by one: what really happened, about predictions made before.

Whether a prediction is in the log at all is not asked: its line may still be on the way, and the watch counts what it
cannot join.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from lambdaloop.domain.definition import Label, ModelDefinition
from lambdaloop.domain.encoding import RowsInvalidError
from lambdaloop.domain.prediction_id import time_of

MAX_CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead of ours a user's clock may be."""
_EXAMPLE = "2026-03-02T09:30:00Z"
_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedLabel:
    """What really happened, about one prediction."""

    prediction_id: str
    actual: Label | float | None = None
    """One of the classes, or a finite number for regression."""
    reward: float | None = None
    """What it was worth to whoever asked; finite. A label says what was true, what it was worth, or both."""
    observed_at: datetime
    """When that became known, in UTC: of two labels for one prediction the later observation counts."""


class LabelsInvalidError(RowsInvalidError):
    """Labels do not fit the model; carries every problem. The row of a problem counts labels."""


class LabelRules:
    """What really can have happened, by the definition of one model."""

    def __init__(self, definition: ModelDefinition) -> None:
        self._classes: dict[tuple[type, Label], Label] = {
            (type(label), label): label for label in definition.classes
        }

    def actual(self, value: Any) -> Label | float:
        """A value out of JSON: a class in its own type, or any finite number for regression; else ValueError."""
        if not self._classes:
            return _finite(value)
        found = self._classes.get((type(value), value)) if isinstance(value, str | int) else None
        if found is None:
            raise ValueError(f"must be one of {self._listed()}, got {_shown(value)}")
        return found

    def _listed(self) -> str:
        more = len(self._classes) - _SHOWN
        shown = ", ".join(_shown(label) for label in islice(self._classes.values(), _SHOWN))
        return f"{shown} or one of {more} more" if more > 0 else shown


def read_reward(value: Any) -> float:
    """A value out of JSON: any finite number; else ValueError."""
    return _finite(value)


def check_prediction_id(prediction_id: str, *, now: datetime) -> None:
    """ValueError unless it is an id of ours, of a prediction that can have been made by now."""
    at = time_of(prediction_id)
    if at is None:
        raise ValueError("is no prediction id: give the one that came with the prediction")
    if at > now + MAX_CLOCK_SKEW:
        raise ValueError("is the id of a prediction in the future")


def read_observed_at(text: str, *, now: datetime) -> datetime:
    """The time in UTC; ValueError unless it is ISO 8601 with a time zone and not in the future."""
    try:
        given = datetime.fromisoformat(text)
        at = given.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter for the first and last day of the calendar
        raise ValueError(f"must be a time in ISO 8601 such as {_EXAMPLE}, got {_shown(text)}") from None
    if given.tzinfo is None:
        raise ValueError(f"needs a time of day with its zone, such as {_EXAMPLE}, got {_shown(text)}")
    if at > now + MAX_CLOCK_SKEW:
        raise ValueError(f"is in the future: it is {now:%Y-%m-%dT%H:%M:%SZ}")
    return at


def _finite(value: Any) -> float:
    try:
        number = float(value) if type(value) in (int, float) else math.nan
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"must be a finite number, got {_shown(value)}")
    return number


def _shown(value: Any) -> str:
    if isinstance(value, list | dict):
        return f"a {type(value).__name__}"
    if isinstance(value, int) and abs(value) >= 10**60:  # the text of a very long one is an error in itself
        return "a number of more than 60 digits"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
