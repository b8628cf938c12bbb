"""What the watch found as CloudWatch's embedded metric format: lines of its log, which CloudWatch reads.

Such lines may arrive twice. All figures are gauges, and those of one window always carry the window's end as their time, so
whoever looks at their maximum or average does not notice.
"""

from collections.abc import Iterable, Mapping
from typing import TextIO

from lambdaloop import telemetry
from lambdaloop.adapters.emf_figures import write_figures
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.monitoring_rules import MAX_FEATURE_METRICS, Monitoring
from lambdaloop.domain.window import ColumnDrift, DriftReport, Performance, WindowReport


class EmfWatchMetrics:
    """The port WatchMetrics: one line for the model, and one for each feature."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def record(self, report: WindowReport, definition: ModelDefinition) -> None:
        """Tell the window's figures; what has no value is left out."""
        metric = definition.training.metric
        figures = {
            telemetry.WATCH_RUNS: 1.0,
            telemetry.CAPTURE_LOSS: report.capture_loss,
            telemetry.QUARANTINED_SHARE: report.quarantined / report.lines if report.lines else None,
            telemetry.LABEL_DELAY: report.label_delay_hours,
            telemetry.BASELINE_AGE: report.baseline_age_days,
            telemetry.BASELINE_MISSING: float(report.status == "no_baseline"),
            telemetry.PERFORMANCE: _value(report.performance, metric),
            telemetry.PERFORMANCE_DROP: report.performance.drop if report.performance else None,
            telemetry.ESTIMATED_PERFORMANCE: _value(report.estimated, metric),
            telemetry.ESTIMATED_PERFORMANCE_DROP: report.estimated.drop if report.estimated else None,
            telemetry.ESTIMATOR_ERROR: None
            if report.estimator_error is None
            else abs(report.estimator_error),
            **_drift_figures(report.drift, definition.monitoring),
        }
        self._write(report, figures, {})
        features = report.drift.features if report.drift else {}
        for name in _first_features(features, definition.monitoring):
            figure = {telemetry.FEATURE_DRIFT: features[name].in_thresholds}
            self._write(report, figure, {telemetry.FEATURE: telemetry.feature_dimension(name)})

    def _write(
        self, report: WindowReport, figures: Mapping[str, float | None], dimensions: Mapping[str, str]
    ) -> None:
        write_figures(figures, model=report.model, at=report.end, stream=self._stream, dimensions=dimensions)


def _drift_figures(drift: DriftReport | None, rules: Monitoring) -> Mapping[str, float | None]:
    if drift is None or drift.rows < rules.min_rows:
        return {}
    return {
        telemetry.DRIFT_SHARE: drift.share,
        telemetry.PREDICTION_DRIFT: _farthest(drift.predictions.values()),
        telemetry.MULTIVARIATE_DRIFT: drift.multivariate.in_thresholds if drift.multivariate else None,
        telemetry.DATA_QUALITY_PROBLEMS: float(
            sum(each.problem is not None for each in drift.features.values())
        ),
    }


def _farthest(columns: Iterable[ColumnDrift]) -> float | None:
    return max((far for each in columns if (far := each.in_thresholds) is not None), default=None)


def _value(performance: Performance | None, metric: str) -> float | None:
    return performance.metrics[metric].value if performance else None


def _first_features(names: Iterable[str], rules: Monitoring) -> list[str]:
    return sorted(names, key=lambda name: not rules.rule(name).alarm)[:MAX_FEATURE_METRICS]
