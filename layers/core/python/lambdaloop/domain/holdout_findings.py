"""What a winner showed on the holdout, in the detail that a person wants to see: curves, importance, slices, groups.

It is computed where the rows are, and kept in sums: a report names no row. Everything is bounded, so that a report stays
small whatever the holdout is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lambdaloop.domain.outcomes import Estimate

MAX_CURVE_POINTS = 200
MAX_CURVES = 10
"""Classes with curves of their own, those with the most rows."""
MIN_GROUP_ROWS = 30
"""Rows below which a slice or a group is shown, but not compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Polyline:
    """Points of a curve."""

    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreBin:
    """Rows with about the same score."""

    rows: int
    score: float
    """The mean of them."""
    hits: Estimate
    """The share of them that were of the class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBin:
    """Rows with about the same prediction, of a regression."""

    rows: int
    predicted: float
    """The mean of them."""
    actual: float
    """The mean of them."""
    low: float
    """The tenth percentile of the actual numbers."""
    high: float
    """The ninetieth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Counts between edges."""

    edges: tuple[float, ...]
    """One more than counts."""
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Importance:
    """How much worse the training metric becomes when one feature's values are shuffled among the rows."""

    feature: str
    drop: float
    """In the metric's unit, positive when the feature helps."""
    deviation: float
    """Standard deviation over the shuffles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldoutSlice:
    """A part of the holdout, by one feature."""

    feature: str
    value: str
    """A category, or a range of a number."""
    rows: int
    metric: Estimate
    """The training metric on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Those who have one value of a segment."""

    value: str
    rows: int
    figures: Mapping[str, Estimate]
    """By name; see `GROUP_FIGURES`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupComparison:
    """The groups of one segment of the definition."""

    feature: str
    groups: tuple[Group, ...]
    gaps: Mapping[str, float | None]
    """By name of the figure: the largest difference between two groups with enough rows; None with fewer than two."""


GROUP_FIGURES: Mapping[str, str] = {
    "selection_rate": "share that is predicted positive",
    "true_positive_rate": "share of the positives that is found",
    "false_positive_rate": "share of the negatives that is taken for positive",
    "accuracy": "share that is predicted right",
    "mean_error": "mean of actual minus predicted",
    "mae": "mean absolute error",
}
"""binary: the first four; multiclass: accuracy; regression: the last two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldoutFindings:
    """All of it."""

    rows: int
    metrics: Mapping[str, Estimate]
    """Every metric of the task that has an interval, and calibration_error for classification."""
    roc: Mapping[str, Polyline] = field(default_factory=dict)
    """False against true positive rate, by str(label): of the positive class, or of each class against the others."""
    precision_recall: Mapping[str, Polyline] = field(default_factory=dict)
    """Recall against precision."""
    base_rates: Mapping[str, float] = field(default_factory=dict)
    """The share of each class."""
    calibration: tuple[ScoreBin, ...] = ()
    """Of the positive, or the predicted class."""
    confusion: tuple[tuple[int, ...], ...] = ()
    """[actual, predicted] rows, for up to 20 classes."""
    residuals: Histogram | None = None
    """Regression: actual minus predicted, between the first and the last percentile; those beyond are in the end bins."""
    errors: tuple[ErrorBin, ...] = ()
    """Regression: the actual by the predicted number."""
    importance: tuple[Importance, ...] = ()
    """The most important first."""
    slices: tuple[HoldoutSlice, ...] = ()
    groups: tuple[GroupComparison, ...] = ()
    """Of the segments of the definition's monitoring."""
