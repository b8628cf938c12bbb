"""What the watch found in one window: the record by which people and the governor judge a model."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from lambdaloop.domain.monitoring_rules import DriftMethod
from lambdaloop.domain.outcomes import Estimate

DriftStatus = Literal["ok", "drift", "insufficient_data"]
WindowStatus = Literal["ok", "drift", "insufficient_data", "no_release", "no_baseline"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnDrift:
    """How far one column went from the baseline."""

    status: DriftStatus
    method: DriftMethod
    distance: float | None = None
    """By the method; None for insufficient data."""
    threshold: float
    p_value: float | None = None
    """That the same distribution gives such counts."""
    adjusted_p_value: float | None = None
    """After the control of false discoveries over all columns."""
    weight: float = 1.0
    problem: str | None = None
    """More missing, out-of-range or unseen values than in the baseline, in words with the rates."""

    @property
    def in_thresholds(self) -> float | None:
        """The distance where 1 is the threshold; one that chance explains is below 1 however far it goes.

        >>> ColumnDrift(status="ok", method="psi", distance=0.4, threshold=0.2).in_thresholds
        0.99
        """
        if self.distance is None:
            return None
        times = self.distance / self.threshold
        return times if self.status == "drift" else min(times, 0.99)


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftReport:
    """A profile against the baseline."""

    status: DriftStatus
    rows: int
    share: float | None
    """The weighted share of drifted features; None for insufficient data."""
    features: Mapping[str, ColumnDrift]
    predictions: Mapping[str, ColumnDrift]
    """`prediction`, and `score LABEL` for each score."""
    multivariate: ColumnDrift | None = None
    """Of the reconstruction errors."""

    @property
    def drifted(self) -> tuple[str, ...]:
        """The drifted features, the farthest (in thresholds) first."""
        found = {name: each for name, each in self.features.items() if each.status == "drift"}
        return tuple(sorted(found, key=lambda name: -(found[name].distance or 0.0) / found[name].threshold))


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """Metrics by name, with how certain they are."""

    rows: float
    metrics: Mapping[str, Estimate]
    drop: float | None = None
    """How much worse the training metric is than on the holdout, beyond doubt: between the nearer ends of both confidence
    intervals; 0 when they overlap, None without enough rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowReport:
    """One run of the watch. Features, predictions and performance are those of the live release."""

    schema: int = 1
    model: str
    start: datetime
    end: datetime
    status: WindowStatus
    reason: str
    """In words, with the numbers."""
    release: int | None = None
    version: int | None = None
    drift: DriftReport | None = None
    performance: Performance | None = None
    """Real, over performance_hours; None without enough labels."""
    estimated: Performance | None = None
    """Estimated without labels, over the drift window."""
    estimator_error: float | None = None
    """Estimated minus real training metric on the same labelled predictions."""
    new_rows: int = 0
    """Predictions first seen by this run of the watch."""
    new_labels: int = 0
    """Predictions first labelled by this run of the watch."""
    unknown_labels: int = 0
    """Labels that came with this run, of predictions that are not in the log."""
    expired_labels: int = 0
    """Labels that came too late to be counted."""
    quarantined: int = 0
    """Lines that this run could not read."""
    lines: int = 0
    """Lines read by this run."""
    capture_loss: float | None = None
    """The share of the predictions served in the window that are not in the log."""
    label_delay_hours: float | None = None
    """How long the newest labelled prediction lies back."""
    baseline_age_days: float | None = None
    segments: Mapping[str, DriftReport] = field(default_factory=dict)
    """By feature=value; against the same segment before the window, for a part always differs from the whole."""
    segment_performance: Mapping[str, Performance] = field(default_factory=dict)
    variants: Mapping[str, DriftReport] = field(default_factory=dict)
    """By variant, where there are several; each against the baseline of its own version."""
    variant_performance: Mapping[str, Performance] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    """What else somebody should know, such as lines left for the next run."""


_KEPT_FEATURES = 100


def trimmed(report: WindowReport) -> WindowReport:
    """The report as it fits into the registry, whatever it is about: of many features the drifted and the farthest ones.

    Segments and variants keep their verdicts; their features are in the whole report in the capture bucket.
    """
    return replace(
        report,
        drift=report.drift and _without_near_features(report.drift, _KEPT_FEATURES),
        segments={name: _without_near_features(each, 0) for name, each in report.segments.items()},
        variants={name: _without_near_features(each, 0) for name, each in report.variants.items()},
    )


def _without_near_features(drift: DriftReport, kept: int) -> DriftReport:
    def nearness(name: str) -> tuple[bool, float]:
        return drift.features[name].status != "drift", -(drift.features[name].in_thresholds or 0.0)

    names = set(sorted(drift.features, key=nearness)[:kept])
    return replace(
        drift,
        features={name: each for name, each in drift.features.items() if name in names},
        predictions=drift.predictions if kept else {},
    )
