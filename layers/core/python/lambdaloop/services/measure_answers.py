"""What the logged predictions of one version say about it: their scores, and its training metric with labels and without."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from lambdaloop.domain.captured import CapturedLabel, CapturedPrediction
from lambdaloop.domain.definition import Label
from lambdaloop.domain.encoding import is_expected
from lambdaloop.domain.labels import TargetReader
from lambdaloop.domain.outcomes import Estimate
from lambdaloop.domain.profile import ColumnProfile
from lambdaloop.domain.signature import Signature
from lambdaloop.monitoring.captured_rows import RowArrays, arrays_of
from lambdaloop.monitoring.columns import Scores
from lambdaloop.monitoring.estimates import estimates
from lambdaloop.monitoring.expected_loss import expected_loss
from lambdaloop.monitoring.intervals import Z
from lambdaloop.monitoring.observing import expect, observe
from lambdaloop.services.load_reference import Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """The training metric on labelled predictions."""

    rows: int
    metric: Estimate


@dataclass(frozen=True, kw_only=True)
class AnsweredRows:
    """Predictions of one version, in the order of classes that both compared versions are read in."""

    reference: Reference
    classes: tuple[Label, ...]
    rows: Sequence[CapturedPrediction]

    @cached_property
    def signature(self) -> Signature:
        """Of the version, with its classes in the common order."""
        return replace(self.reference.signature, classes=self.classes)

    @cached_property
    def arrays(self) -> RowArrays:
        """Those that the version can have made."""
        return arrays_of(self.rows, self.signature)

    @property
    def scores(self) -> Scores:
        """[rows, classes] or [rows, 1]."""
        return self.arrays.scores

    def expected(self, metric: str) -> float | None:
        """The metric as it is expected without labels; None where the version came without what that needs."""
        reference = self.reference
        if not reference.can_expect or reference.baseline is None or not len(self.scores):
            return None
        losses = None
        if reference.loss is not None:
            losses = expected_loss(reference.loss, self.arrays.columns, self.scores[:, 0])
        outcomes = expect(
            reference.version.task, self.classes, self.scores, reference.baseline.calibration, losses
        )
        return estimates(outcomes, reference.version.task)[metric].value

    def holdout_error(self, metric: str) -> float | None:
        """The standard deviation of the metric on the holdout, from which the expectation comes."""
        if self.reference.baseline is None:
            return None
        found = estimates(self.reference.baseline.outcomes, self.reference.version.task)[metric]
        return None if found.low is None or found.high is None else (found.high - found.low) / (2 * Z)

    def labelled(self, labels: Mapping[str, CapturedLabel], metric: str) -> Labelled:
        """What the labelled ones among them were worth."""
        task = self.reference.version.task
        reader = TargetReader(task, self.classes)
        kept: list[int] = []
        actual: list[float] = []
        for place, row in enumerate(self.arrays.places.tolist()):
            label = labels.get(self.rows[row].prediction_id)
            value = None if label is None or label.actual is None else reader.read(label.actual)
            if value is not None:
                kept.append(place)
                actual.append(value)
        if not kept:
            return Labelled(rows=0, metric=Estimate(value=None))
        outcomes = observe(task, self.classes, np.array(actual), self.scores[kept])
        return Labelled(rows=len(kept), metric=estimates(outcomes, task)[metric])

    def invalid(self) -> tuple[int, int]:
        """How many rows hold a missing, unseen or out-of-range value, of how many whose features the log has."""
        known = [row for row in self.rows if not row.features_dropped and row.features]
        return sum(_is_invalid(row, self.signature) for row in known), len(known)

    def holdout_profile(self) -> ColumnProfile | None:
        """What the version answered on the holdout of its training: its positive scores, labels or numbers."""
        baseline = self.reference.baseline
        if baseline is None:
            return None
        if self.reference.version.task == "binary":
            return baseline.profile.scores.get(str(self.classes[-1]))
        if self.reference.version.task == "multiclass" and self.classes != self.reference.signature.classes:
            return None
        return baseline.profile.prediction


def _is_invalid(row: CapturedPrediction, signature: Signature) -> bool:
    return any(
        value is None or not (isinstance(value, bool) or is_expected(signature.features[name], value))
        for name, value in row.features.items()
        if name in signature.features
    )
