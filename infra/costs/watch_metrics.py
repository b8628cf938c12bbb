"""Which custom metrics a model's watch and governor write: CloudWatch charges for a metric in each hour in which it is written."""

from lambdaloop import telemetry
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.monitoring_rules import MAX_FEATURE_METRICS

ALWAYS = (
    telemetry.WATCH_RUNS,
    telemetry.BASELINE_AGE,
    telemetry.BASELINE_MISSING,
    telemetry.RETRAININGS,
    telemetry.RETRAINING_STORMS,
)
"""By each run, whether anybody asks for predictions or not."""
WHILE_USED = (telemetry.CAPTURE_LOSS, telemetry.QUARANTINED_SHARE, telemetry.LABEL_DELAY)
"""When the window, or what labels wait for, has a prediction."""
OF_FULL_WINDOWS = (
    telemetry.DRIFT_SHARE,
    telemetry.PREDICTION_DRIFT,
    telemetry.MULTIVARIATE_DRIFT,
    telemetry.DATA_QUALITY_PROBLEMS,
    telemetry.PERFORMANCE,
    telemetry.PERFORMANCE_DROP,
    telemetry.ESTIMATED_PERFORMANCE,
    telemetry.ESTIMATED_PERFORMANCE_DROP,
    telemetry.ESTIMATOR_ERROR,
)
"""Of windows with min_rows captured predictions, beside one for each captured feature."""


def while_used(definition: ModelDefinition, *, rows: float, hours: float) -> float:
    """How many metrics are written by each run at most, beside those that always are. rows: predictions in so many hours."""
    if not rows:
        return 0.0
    rules, serving = definition.monitoring, definition.serving
    bursts = rows * serving.capture_rate / rules.min_rows
    full = min(1.0, bursts * rules.window_hours / hours)  # the most windows that so many rows can fill
    features = min(len(serving.capture), MAX_FEATURE_METRICS)
    return len(WHILE_USED) + full * (len(OF_FULL_WINDOWS) + features)
