"""Which label of a prediction counts: a pure function of the set of labels, whatever their order and however often each came.

Of several the one that was observed last counts. Labels that contradict each other and were observed at the same time are
a conflict: nobody can tell which is right, so none counts.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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

    Parts may be reduced before they are put together: the resolution of the whole stays the same.
    """
    kept: dict[str, list[CapturedLabel]] = {}
    for label in labels:
        others = kept.get(label.prediction_id)
        if others is None or label.observed_at > others[0].observed_at:
            kept[label.prediction_id] = [label]
        elif label.observed_at == others[0].observed_at:
            others.append(label)
    return tuple(label for identity in sorted(kept) for label in _different(kept[identity]))


def _different(labels: Sequence[CapturedLabel]) -> Iterable[CapturedLabel]:
    """One of each value, whichever order they came in."""
    if len(labels) == 1:
        return labels
    by_value: dict[str | float, CapturedLabel] = {}
    for label in sorted(labels, key=_rank):
        by_value.setdefault(_value(label.actual), label)
    return by_value.values()


def resolve_labels(labels: Iterable[CapturedLabel]) -> Resolution:
    """One label per prediction at most."""
    by_id: dict[str, CapturedLabel] = {}
    conflicts: set[str] = set()
    for label in latest_labels(labels):
        if label.prediction_id in by_id:
            conflicts.add(label.prediction_id)
        else:
            by_id[label.prediction_id] = label
    return Resolution(
        labels={identity: label for identity, label in by_id.items() if identity not in conflicts},
        conflicts=frozenset(conflicts),
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
        self._words = {
            label: index
            for index, label in enumerate(classes)
            if isinstance(label, str) and _value(label) == label
        }

    def read(self, actual: Label | float) -> int | float | None:
        """The index of the class, or the number; None for what this target cannot be."""
        if isinstance(actual, str) and actual in self._words:  # nearly always
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
    return (label.received_at, str(label.actual), type(label.actual).__name__)
