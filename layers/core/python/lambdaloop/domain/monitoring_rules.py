"""The sections `monitoring` and `retraining` of the model definition: what is watched, and when a retraining is worth it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from lambdaloop.domain.capture_layout import KEPT_DAYS
from lambdaloop.domain.ranges import check_range

DriftMethod = Literal["psi", "jensen_shannon", "wasserstein", "kolmogorov_smirnov", "chi_square"]
Trigger = Literal["drift", "performance", "data", "schedule"]

_STRICT = {"extra": "forbid", "use_attribute_docstrings": True}
_MAX_SEGMENTS = 10
MAX_FEATURE_METRICS = 100
"""Features with a metric each: CloudWatch charges by metric. Those with an alarm of their own come first."""
_NEED_NUMBERS = ("wasserstein", "kolmogorov_smirnov")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureRule:
    """How the drift of one feature is measured."""

    __pydantic_config__ = _STRICT

    method: DriftMethod | None = None
    """The distance from the baseline; None takes psi for every type."""
    threshold: float | None = None
    """The smallest distance that counts as drift; None takes the method's own."""
    weight: float = 1.0
    """Its part in the drift share; 0 leaves it out."""
    alarm: bool = False
    """Whether it gets an alarm of its own, for features that matter."""

    def __post_init__(self) -> None:
        if self.threshold is not None and not (math.isfinite(self.threshold) and self.threshold > 0):
            raise ValueError(f"threshold must be a number above 0, got {self.threshold}")
        check_range("weight", self.weight, 0, 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitoring:
    """What is watched, how often, and what is worth an alarm."""

    __pydantic_config__ = _STRICT

    every_hours: Literal[1, 2, 3, 4, 6, 8, 12, 24] = 1
    """How often the model is watched."""
    window_hours: int = 24
    """How many hours back a drift window goes; a whole multiple of every_hours."""
    performance_hours: int = 168
    """How many hours back the performance goes: long enough to hold predictions whose labels have come."""
    min_rows: int = 200
    """Rows below which a window is insufficient data, never drift."""
    min_labels: int = 100
    """Labelled rows below which there is no performance."""
    significance: float = 0.01
    """The share of false discoveries among the features that are said to differ (Benjamini-Hochberg)."""
    drift_share: float = 0.1
    """The weighted share of drifted features at which the data as a whole have drifted."""
    features: Mapping[str, FeatureRule] = field(default_factory=dict)
    """Features that are measured otherwise than by default."""
    segments: tuple[str, ...] = ()
    """Captured category or boolean features for whose values everything is counted separately, too."""
    max_performance_drop: float = 0.05
    """How much worse than on the holdout the training metric may be beyond doubt, real or estimated."""
    max_label_delay_hours: int | None = None
    """When labels are late; None when none are expected."""
    label_days: int = 90
    """Labels for older predictions are not counted any more."""
    max_capture_loss: float = 0.05
    """The share of predictions that may be missing in the prediction log."""
    max_quarantined: float = 0.01
    """The share of log lines that may be unreadable."""
    max_baseline_age_days: int = 365
    """How old the champion may become."""
    alarm_windows: tuple[int, int] = (2, 3)
    """[M, N]: an alarm needs M bad windows among the last N."""

    def __post_init__(self) -> None:
        if not (0 < self.window_hours <= 744 and self.window_hours % self.every_hours == 0):
            raise ValueError(
                f"window_hours must be a multiple of every_hours ({self.every_hours}) up to 744, got {self.window_hours}"
            )
        if not (0 < self.performance_hours <= 2208 and self.performance_hours % self.every_hours == 0):
            raise ValueError(
                f"performance_hours must be a multiple of every_hours ({self.every_hours}) up to 2208, got {self.performance_hours}"
            )
        check_range("min_rows", self.min_rows, 30, 10**9)
        check_range("min_labels", self.min_labels, 30, 10**9)
        check_range("significance", self.significance, 1e-9, 0.2)
        check_range("drift_share", self.drift_share, 1e-9, 1)
        check_range("max_performance_drop", self.max_performance_drop, 0)
        check_range("max_label_delay_hours", self.max_label_delay_hours, 1, 24 * 365)
        check_range("label_days", self.label_days, 1, KEPT_DAYS - 1)  # a label is joined with its prediction
        check_range("max_capture_loss", self.max_capture_loss, 0, 1)
        check_range("max_quarantined", self.max_quarantined, 0, 1)
        check_range("max_baseline_age_days", self.max_baseline_age_days, 1, 36_500)
        guarded = sum(rule.alarm for rule in self.features.values())
        if guarded > MAX_FEATURE_METRICS:
            raise ValueError(
                f"at most {MAX_FEATURE_METRICS} features can have an alarm, got {guarded}: drop some"
            )
        if len(self.segments) > _MAX_SEGMENTS:
            raise ValueError(f"at most {_MAX_SEGMENTS} segments, got {len(self.segments)}")
        if len(self.alarm_windows) != 2 or not 1 <= self.alarm_windows[0] <= self.alarm_windows[1]:
            raise ValueError(f"alarm_windows must be [M, N] with 1 <= M <= N, got {list(self.alarm_windows)}")
        # CloudWatch evaluates at most seven days of periods that are an hour or longer.
        if self.alarm_windows[1] * self.every_hours > 168:
            raise ValueError(
                f"an alarm looks back 168 hours at most: {self.alarm_windows[1]} windows of {self.every_hours} hours are more"
            )

    def check_features(self, captured: Mapping[str, str]) -> None:
        """ValueError when a rule or a segment does not fit the captured features, given with their types."""
        if unknown := [name for name in self.features if name not in captured]:
            raise ValueError(
                f"monitoring.features names features that are not captured: {', '.join(unknown)}: add them to serving.capture"
            )
        for name, rule in self.features.items():
            if rule.method in _NEED_NUMBERS and captured[name] not in ("number", "integer"):
                raise ValueError(
                    f"monitoring.features.{name}: {rule.method} needs numbers, got a {captured[name]}: "
                    "use psi, jensen_shannon or chi_square"
                )
        for name in self.segments:
            if captured.get(name) not in ("category", "boolean"):
                raise ValueError(f"segment {name!r} must be a captured feature of type category or boolean")

    def rule(self, feature: str) -> FeatureRule:
        """How this feature is measured."""
        return self.features.get(feature, FeatureRule())


@dataclass(frozen=True, slots=True, kw_only=True)
class Retraining:
    """When the governor starts a training by itself, and on which rows."""

    __pydantic_config__ = _STRICT

    on: tuple[Trigger, ...] = ("drift", "performance")
    """What may start one; empty leaves it to people."""
    windows: tuple[int, int] = (2, 3)
    """[k, n]: drift or a drop must persist in k of the last n windows."""
    min_new_labels: int = 500
    """Labels that must have come since the last training."""
    cooldown_hours: int = 24
    """Between two trainings."""
    cooldown_doublings: int = 4
    """The cooldown doubles with each training in a row that gave no new champion, this often at most; 0 keeps it as it is."""
    max_per_week: int = 3
    """Trainings in any seven days."""
    budget_hours_per_month: float = 20.0
    """Hours that trainings may run in any 30 days."""
    every_days: int | None = None
    """For `schedule`: the age of the last training at which a new one is due."""
    window_days: int | None = None
    """How many days of captured rows are trained on; None takes all that are kept."""
    original_weight: float = 1.0
    """The weight of a row of the uploaded data against a captured one; 0 leaves them out."""
    half_life_days: float | None = None
    """The age at which a captured row counts half; None lets all count alike."""
    holdout: float = 0.2
    """Share of the newest captured rows on which the new model and the champion are compared."""

    def __post_init__(self) -> None:
        if len(set(self.on)) != len(self.on):
            raise ValueError(f"on must not repeat a trigger, got {list(self.on)}")
        if len(self.windows) != 2 or not 1 <= self.windows[0] <= self.windows[1] <= 100:
            raise ValueError(f"windows must be [k, n] with 1 <= k <= n <= 100, got {list(self.windows)}")
        check_range("min_new_labels", self.min_new_labels, 1, 10**9)
        check_range("cooldown_hours", self.cooldown_hours, 1, 24 * 365)
        check_range("cooldown_doublings", self.cooldown_doublings, 0, 10)
        check_range("max_per_week", self.max_per_week, 1, 168)
        check_range("budget_hours_per_month", self.budget_hours_per_month, 0.01, 1e6)
        check_range("every_days", self.every_days, 1, 3650)
        check_range("window_days", self.window_days, 1, 3650)
        check_range("original_weight", self.original_weight, 0, 1)
        check_range("half_life_days", self.half_life_days, 0.01, 36_500)
        check_range("holdout", self.holdout, 0.05, 0.5)
        if ("schedule" in self.on) != (self.every_days is not None):
            raise ValueError("schedule in on and every_days belong together: give both or neither")
