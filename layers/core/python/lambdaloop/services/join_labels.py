"""Joins the scores of one hour with the labels that came for them so far."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lambdaloop.domain.captured import CapturedLabel
from lambdaloop.domain.labels import TargetReader, resolve_labels
from lambdaloop.domain.summary import LogCounts
from lambdaloop.monitoring.score_parts import ScoredRows, find_ids
from lambdaloop.services.load_reference import References


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The labelled ones among some rows."""

    places: NDArray[np.int64]
    """Of the rows."""
    values: NDArray[np.float64]
    """Indices of the actual classes, or actual numbers."""
    made: NDArray[np.float64]
    """When the predictions were made, in seconds since 1970."""
    delays: NDArray[np.float64]
    """Seconds from the prediction to the arrival of its label."""

    def within(self, members: NDArray[np.bool_]) -> "Joined":
        """Those among some of the rows."""
        kept = members[self.places]
        return Joined(
            places=self.places[kept], values=self.values[kept], made=self.made[kept], delays=self.delays[kept]
        )


class Labelling:
    """The join of all scores and all labels of an hour."""

    def __init__(
        self, rows: Sequence[ScoredRows], labels: Iterable[CapturedLabel], references: References
    ) -> None:
        resolution = resolve_labels(labels)
        self._conflicts = _ids(resolution.conflicts)
        self._wanted = list(resolution.labels.values())
        self._ids = _ids(resolution.labels)
        self._rows = rows
        self._references = references
        self._foreign = 0
        self._joined = {each.whose: self._join(each) for each in rows}

    def of(self, rows: ScoredRows) -> Joined:
        """The labelled ones of one of the given groups of rows."""
        return self._joined[rows.whose]

    def labelled(self) -> set[bytes]:
        """The ids of all predictions that can be scored."""
        return {identity for each in self._rows for identity in each.ids[self.of(each).places].tolist()}

    def counts(self) -> LogCounts:
        """What became of predictions and labels; lines that repeat others are not known here."""
        conflicting = self._known(self._conflicts)
        known = self._known(self._ids)
        return LogCounts(
            predictions=sum(len(each.ids) for each in self._rows),
            labelled=sum(len(each.places) for each in self._joined.values()),
            conflicting=int(conflicting.sum()),
            unknown=int((~conflicting).sum() + (~known).sum()),
            foreign=self._foreign,
        )

    def unknown(self, labels: Iterable[CapturedLabel]) -> int:
        """How many predictions these labels are about that are not among the rows."""
        ids = _ids({label.prediction_id for label in labels})
        return int((~self._known(ids)).sum())

    def _known(self, ids: NDArray[np.bytes_]) -> NDArray[np.bool_]:
        known = np.zeros(len(ids), dtype=bool)
        for each in self._rows:
            known |= find_ids(each.ids, ids) >= 0
        return known

    def _join(self, rows: ScoredRows) -> Joined:
        reference = self._references.of(rows.version)
        found: list[tuple[int, float, float, float]] = []
        if reference is not None:
            target = TargetReader(reference.signature.task, reference.signature.classes)
            places = find_ids(rows.ids, self._ids)
            for number in np.flatnonzero(places >= 0).tolist():
                label = self._wanted[number]
                value = target.read(label.actual)
                if value is None:
                    self._foreign += 1
                    continue
                made = label.event_time.timestamp()
                found.append((int(places[number]), value, made, label.received_at.timestamp() - made))
        table = np.array(found, dtype=np.float64).reshape(-1, 4)
        table = table[np.argsort(table[:, 0])]
        return Joined(
            places=table[:, 0].astype(np.int64), values=table[:, 1], made=table[:, 2], delays=table[:, 3]
        )


def _ids(ids: Iterable[str]) -> NDArray[np.bytes_]:
    return np.array(list(ids), dtype="S32")
