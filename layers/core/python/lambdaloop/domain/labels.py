"""Which label of a prediction counts: a pure function of the set of labels, whatever their order and however often each came.

Of several the one that was observed last counts. Labels that contradict each other and were observed at the same time are
a conflict: nobody can tell which is right, so none counts. What was true and what it was worth are resolved each for itself.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Literal

from lambdaloop.domain.captured import CapturedLabel
from lambdaloop.domain.definition import Label
from lambdaloop.domain.metrics import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What became of a set of labels."""

    labels: Mapping[str, CapturedLabel]
    """The label that counts, by prediction id."""
    conflicts: frozenset[str]
    """Prediction ids whose latest labels contradict each other; they are not in `labels`."""


def latest_labels(labels: Iterable[CapturedLabel]) -> tuple[CapturedLabel, ...]:
    """The labels that can still matter: of each prediction the latest ones, every value once. Sorted.

    What was true and what it was worth may come apart, so each has its own latest ones. Parts may be reduced before they
    are put together: the resolution of the whole stays the same.
    """
    given = labels if isinstance(labels, Sequence) else tuple(labels)
    truths = _latest(given, "actual")
    if all(label.reward is None for label in given):  # nearly always
        return tuple(label for identity in sorted(truths) for label in truths[identity])
    rewards = _latest(given, "reward")
    kept: list[CapturedLabel] = []
    for identity in sorted({*truths, *rewards}):
        # By object: 1 and True are equal to Python, and not to us.
        both = {id(label): label for side in (truths, rewards) for label in side.get(identity, ())}
        kept += sorted(both.values(), key=_rank)
    return tuple(kept)


def resolve_labels(labels: Iterable[CapturedLabel]) -> Resolution:
    """What was true, one label per prediction at most; labels that do not say it are passed over."""
    return _resolved(_latest(labels, "actual"))


def resolve_rewards(labels: Iterable[CapturedLabel]) -> Resolution:
    """What it was worth, one label per prediction at most; labels that do not say it are passed over."""
    return _resolved(_latest(labels, "reward"))


_Field = Literal["actual", "reward"]


def _latest(labels: Iterable[CapturedLabel], field: _Field) -> dict[str, Sequence[CapturedLabel]]:
    """Of each prediction the labels that were observed last, one of each value, whichever order they came in."""
    said = attrgetter(field)
    kept: dict[str, list[CapturedLabel]] = {}
    for label in labels:
        if said(label) is None:
            continue
        others = kept.get(label.prediction_id)
        if others is None or label.observed_at > others[0].observed_at:
            kept[label.prediction_id] = [label]
        elif label.observed_at == others[0].observed_at:
            others.append(label)
    return {identity: each if len(each) == 1 else _different(each, field) for identity, each in kept.items()}


def _different(labels: Sequence[CapturedLabel], field: _Field) -> Sequence[CapturedLabel]:
    by_value: dict[str | float, CapturedLabel] = {}
    for label in sorted(labels, key=_rank):
        by_value.setdefault(_value(getattr(label, field)), label)
    return [*by_value.values()]


def _resolved(latest: Mapping[str, Sequence[CapturedLabel]]) -> Resolution:
    return Resolution(
        labels={identity: each[0] for identity, each in latest.items() if len(each) == 1},
        conflicts=frozenset(identity for identity, each in latest.items() if len(each) > 1),
    )


class TargetReader:
    """Reads what was observed as the target of a model, from JSON or from the text of a CSV file.

    >>> TargetReader("binary", ("no", "yes")).read("yes")
    1
    >>> TargetReader("regression", ()).read("2.5")
    2.5
    """

    def __init__(self, task: Task, classes: Sequence[Label | str]) -> None:
        self._indices = (
            None if task == "regression" else {_value(label): index for index, label in enumerate(classes)}
        )
        self._words = {label: index for index, label in enumerate(classes) if isinstance(label, str)}

    def read(self, actual: Label | float | None) -> int | float | None:
        """The index of the class, or the number; None for what this target cannot be, and for nothing."""
        if actual is None:
            return None
        # Nearly always by its text, and "01" is not "1" where both are classes.
        if isinstance(actual, str) and actual in self._words:
            return self._words[actual]
        value = _value(actual)
        if self._indices is not None:
            return self._indices.get(value)
        return value if type(value) is float else None


def _value(actual: Label | float) -> str | float:
    """The same for each way of writing the same value: 1, 1.0 and "1"; true and "True"."""
    if isinstance(actual, bool):
        return "true" if actual else "false"
    if isinstance(actual, int | float):
        return float(actual)
    text = actual.strip()
    if text.lower() in ("true", "false"):
        return text.lower()
    try:
        number = float(text)
    except ValueError:
        return actual
    return number if math.isfinite(number) and "_" not in text else actual


def _rank(label: CapturedLabel) -> tuple[object, ...]:
    return (
        label.received_at,
        str(label.actual),
        type(label.actual).__name__,
        str(label.reward),
        label.observed_at,
    )
