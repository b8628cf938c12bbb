"""Joins predictions with their labels in bounded memory, while the log is read from its newest object to its oldest.

A label comes after its prediction, so going back in time it is met first, and a prediction without a label can be forgotten
soon. Not at once: deliveries may overtake each other. Lines stay as they are until their label is known; most are never
parsed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from lambdaloop.domain.captured import CapturedLabel
from lambdaloop.domain.labels import latest_labels, resolve_labels

T = TypeVar("T")

_SLACK = 1.25
"""How far a limit is exceeded before room is made, so that making room is rare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinLimits:
    """What is held at once; beyond, the oldest predictions give way."""

    rows: int = 200_000
    """Labelled predictions."""
    waiting: int = 200_000
    """Predictions whose label has not been met; those that were met first give way."""
    labels: int = 1_000_000
    """Predictions with a label, in the log or not."""


@dataclass(slots=True)
class LabelJoin:
    """Takes lines and labels in any order and as often as they come: within the limits, only the set of them matters."""

    limits: JoinLimits = field(default_factory=JoinLimits)
    _rows: dict[str, bytes] = field(default_factory=dict)
    _waiting: dict[str, bytes] = field(default_factory=dict)
    _labels: dict[str, tuple[CapturedLabel, ...]] = field(default_factory=dict)

    def add_line(self, prediction_id: str, line: bytes) -> None:
        """A line about a prediction; of several different ones about the same, always the same one is kept."""
        kept = self._rows if prediction_id in self._labels else self._waiting
        known = kept.get(prediction_id)
        if known is None or line < known:
            kept[prediction_id] = line
        if len(self._waiting) > _SLACK * self.limits.waiting:
            self._waiting = dict([*self._waiting.items()][-self.limits.waiting :])
        if len(self._rows) > _SLACK * self.limits.rows:
            self._rows = _newest(self._rows, self.limits.rows)

    def add_label(self, label: CapturedLabel) -> None:
        """What turned out to be true about a prediction."""
        known = self._labels.get(label.prediction_id, ())
        self._labels[label.prediction_id] = latest_labels([*known, label])
        if (line := self._waiting.pop(label.prediction_id, None)) is not None:
            self.add_line(label.prediction_id, line)
        if len(self._labels) > _SLACK * self.limits.labels:
            self._labels = _newest(self._labels, self.limits.labels)
            self._rows = {each: line for each, line in self._rows.items() if each in self._labels}

    def is_full_since(self, at: datetime) -> bool:
        """Whether there are enough rows of this time or later, so that none before can matter."""
        if len(self._rows) < self.limits.rows:
            return False
        oldest = f"{int(at.timestamp() * 1000):012x}"  # how the smallest id of that time begins
        return sum(each >= oldest for each in self._rows) >= self.limits.rows

    def joined(self) -> Iterator[tuple[str, bytes, CapturedLabel | None]]:
        """The newest rows, oldest first: id, line and the label that counts; None where labels contradict each other."""
        for each in sorted(self._rows)[-self.limits.rows :]:
            yield each, self._rows[each], resolve_labels(self._labels[each]).labels.get(each)


def _newest(by_id: dict[str, T], count: int) -> dict[str, T]:
    """Ids begin with their time."""
    return {each: by_id[each] for each in sorted(by_id)[-count:]}
