"""What the watch tells people: the model's world changed, its predictions got worse, or its log cannot be trusted.

What CloudWatch makes of a missing value is chosen alarm by alarm:

* A *verdict* (drift, performance, data quality, baseline, labels) stands until the next one. Too few rows give no
  verdict and no value: the alarm neither ends at night nor begins anew in the morning. At birth, and until there are
  enough verdicts, it says INSUFFICIENT_DATA, which is the truth.
* A *share of what came in* (capture loss, quarantined lines) is fine without a value: nothing came, nothing was lost.

That there is a watch at all is the business of `watch_health`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.constructs.metric import cdk_metric
from infra.constructs.watch_alarm import ABOVE, AT_LEAST, FINE, STANDS, alarm_name, watch_alarm
from infra.metrics import feature_drift, own
from infra.stages import stage_of
from lambdaloop import telemetry
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.monitoring_rules import Monitoring

FEATURE_DRIFT = "feature-drift."
"""No model's name has a dot, so no other model has an alarm whose name begins like this one's."""

_FACT = (1, 1)
"""What is so at once and beyond doubt needs no second window."""


@dataclass(frozen=True, kw_only=True)
class _Watched:
    id: str
    says: str
    metric: str
    when: cloudwatch.ComparisonOperator
    threshold: float
    windows: tuple[int, int]
    missing: cloudwatch.TreatMissingData = STANDS


class WatchAlarms(Construct):
    """The alarms on what one model's watch finds, with the watch's own period."""

    def __init__(self, scope: Construct, id_: str, *, definition: ModelDefinition, topic: sns.ITopic) -> None:
        super().__init__(scope, id_)
        model, rules, stage = definition.name, definition.monitoring, stage_of(self)
        period = rules.every_hours * 3600
        self.all: list[cloudwatch.Alarm] = []
        for watched in (*_changes(rules), *_faults(rules)):
            alarm = watch_alarm(
                self,
                watched.id,
                name=alarm_name(model, watched.id, stage),
                says=f"{model}: {watched.says}",
                metric=cdk_metric(self, own(model, watched.metric, watched.says).every(period)),
                when=watched.when,
                threshold=watched.threshold,
                windows=watched.windows,
                missing=watched.missing,
                topic=topic,
            )
            self.all.append(alarm)
        guarded = [name for name, rule in rules.features.items() if rule.alarm]
        for feature in guarded:
            dimension = telemetry.feature_dimension(feature)
            alarm = watch_alarm(
                self,
                f"FeatureDrift.{feature}",
                name=alarm_name(model, FEATURE_DRIFT, stage) + dimension,
                says=f"{model}: the feature {feature} drifted",
                metric=cdk_metric(self, feature_drift(model, feature).every(period)),
                when=AT_LEAST,
                threshold=1,
                windows=rules.alarm_windows,
                missing=STANDS,
                topic=topic,
            )
            self.all.append(alarm)
        self.reasons = [alarm_name(model, change.id, stage) for change in _changes(rules)]
        """Names of the alarms that are a reason to ask for a new training."""
        self.reason_families = [alarm_name(model, FEATURE_DRIFT, stage)] if guarded else []
        """How the names of further such alarms begin."""


def _changes(rules: Monitoring) -> Iterator[_Watched]:
    """The model does not fit its world any more."""
    drop = f"than on the holdout, by more than {rules.max_performance_drop:g} beyond doubt"
    for id_, says, metric, threshold in (
        (
            "DriftShare",
            f"{rules.drift_share:.0%} of the captured features (by weight) drifted, or more",
            telemetry.DRIFT_SHARE,
            rules.drift_share,
        ),
        ("PredictionDrift", "what it predicts drifted", telemetry.PREDICTION_DRIFT, 1),
        (
            "MultivariateDrift",
            "the features go together otherwise than they did",
            telemetry.MULTIVARIATE_DRIFT,
            1,
        ),
    ):
        yield _Watched(
            id=id_,
            says=says,
            metric=metric,
            when=AT_LEAST,
            threshold=threshold,
            windows=rules.alarm_windows,
        )
    for id_, says, metric in (
        ("PerformanceDrop", f"it does worse {drop}", telemetry.PERFORMANCE_DROP),
        ("EstimatedDrop", f"it is expected to do worse {drop}", telemetry.ESTIMATED_PERFORMANCE_DROP),
    ):
        yield _Watched(
            id=id_,
            says=says,
            metric=metric,
            when=ABOVE,
            threshold=rules.max_performance_drop,
            windows=rules.alarm_windows,
        )


def _faults(rules: Monitoring) -> Iterator[_Watched]:
    """Something is broken; a new training would not mend it."""
    yield _Watched(
        id="DataQuality",
        says="more missing, out-of-range or unknown values than in the baseline",
        metric=telemetry.DATA_QUALITY_PROBLEMS,
        when=ABOVE,
        threshold=0,
        windows=rules.alarm_windows,
    )
    yield _Watched(
        id="CaptureLoss",
        says=f"more than {rules.max_capture_loss:.1%} of the predictions are not in the log",
        metric=telemetry.CAPTURE_LOSS,
        when=ABOVE,
        threshold=rules.max_capture_loss,
        windows=rules.alarm_windows,
        missing=FINE,
    )
    yield _Watched(
        id="QuarantinedShare",
        says=f"more than {rules.max_quarantined:.1%} of the log's lines cannot be read",
        metric=telemetry.QUARANTINED_SHARE,
        when=ABOVE,
        threshold=rules.max_quarantined,
        windows=rules.alarm_windows,
        missing=FINE,
    )
    if rules.max_label_delay_hours is not None:
        yield _Watched(
            id="LabelDelay",
            says=f"the newest labelled prediction is more than {rules.max_label_delay_hours} hours old",
            metric=telemetry.LABEL_DELAY,
            when=ABOVE,
            threshold=rules.max_label_delay_hours,
            windows=rules.alarm_windows,
        )
    yield _Watched(
        id="BaselineAge",
        says=f"the champion is older than {rules.max_baseline_age_days} days",
        metric=telemetry.BASELINE_AGE,
        when=ABOVE,
        threshold=rules.max_baseline_age_days,
        windows=_FACT,
    )
    yield _Watched(
        id="BaselineMissing",
        says="there is nothing to hold the live release against: it is not watched",
        metric=telemetry.BASELINE_MISSING,
        when=ABOVE,
        threshold=0,
        windows=_FACT,
    )
