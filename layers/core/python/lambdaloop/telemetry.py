"""Names of metrics and dimensions, shared by code, alarms and dashboards."""

from lambdaloop.domain.stage import Stage
from lambdaloop.settings import Settings

NAMESPACE = Stage().metric_namespace
"""Of a deployment without a stage."""


def namespace() -> str:
    """Where this process's metrics go."""
    return Settings.from_env().at_stage.metric_namespace


PREDICTIONS = "model_predictions_total"
REQUEST_ERRORS = "model_request_errors_total"
"""Requests answered with a 4xx or 5xx status."""
SERVER_ERRORS = "model_server_errors_total"
"""Requests answered with a 5xx status."""
INVALID_REQUESTS = "model_invalid_requests_total"
"""Requests answered with 422: rows, labels or tensors that are not what the model takes; not written by other requests."""
LATENCY = "model_prediction_latency_seconds"
CAPTURE_LOST = "model_capture_lost_total"
"""Lines that the inference function could not write into the prediction log."""

# Written for each request that looks features up.
LOOKED_UP = "model_online_rows_total"
"""Rows for which stored features were looked up."""
LOOK_UP_DEFAULTS = "model_online_defaults_total"
"""Those of them for which nothing was stored, or what was stored is too old or does not fit."""
LOOK_UP_UNAVAILABLE = "model_online_unavailable_total"
"""Those of them about which the store gave no answer in time."""
LOOK_UP_LATENCY = "model_online_latency_seconds"

MODEL = "Model"
RELEASE = "Release"

# Written by the watch, once per window. Distances are in thresholds: 1 is at the threshold, and a distance that chance
# explains counts as 0.99 at most.
WATCH_RUNS = "model_watch_runs_total"
"""The heartbeat of the watch."""
DRIFT_SHARE = "model_drift_share"
"""The weighted share of drifted features; not written for insufficient data."""
FEATURE_DRIFT = "model_feature_drift"
PREDICTION_DRIFT = "model_prediction_drift"
MULTIVARIATE_DRIFT = "model_multivariate_drift"
DATA_QUALITY_PROBLEMS = "model_data_quality_problems"
"""Features with more missing, out-of-range or unseen values than in the baseline."""
PERFORMANCE = "model_performance"
"""The training metric on labelled predictions."""
PERFORMANCE_DROP = "model_performance_drop"
"""How much worse it is than on the holdout, beyond doubt."""
ESTIMATED_PERFORMANCE = "model_estimated_performance"
ESTIMATED_PERFORMANCE_DROP = "model_estimated_performance_drop"
ESTIMATOR_ERROR = "model_performance_estimator_error"
CAPTURE_LOSS = "model_capture_loss"
"""The share of served predictions that the prediction log lacks."""
QUARANTINED_SHARE = "model_capture_quarantined_share"
LABEL_DELAY = "model_label_delay_hours"
"""How far back the newest labelled prediction lies."""
BASELINE_AGE = "model_baseline_age_days"
BASELINE_MISSING = "model_baseline_missing"
"""1 when there is nothing to hold the live release against."""
RETRAININGS = "model_retrainings_total"
RETRAINING_STORMS = "model_retraining_storms_total"
"""Times that the governor refused because its limits were reached."""

# Written by the shadow stage of a release, once per slice of time, for the model and for each of its segments.
SHADOW_COPIES = "model_shadow_copies_total"
SHADOW_FAILURES = "model_shadow_failures_total"
"""Copies of live requests that the new version did not answer."""
SHADOW_DISAGREEMENT = "model_shadow_disagreement"
SHADOW_LATENCY_P50 = "model_shadow_latency_p50_milliseconds"
SHADOW_LATENCY_P95 = "model_shadow_latency_p95_milliseconds"

# Written by each look at an experiment, for each of its arms.
EXPERIMENT_UNITS = "model_experiment_units"
EXPERIMENT_OUTCOME = "model_experiment_outcome"
"""The mean outcome of the units."""
EXPERIMENT_DIFFERENCE = "model_experiment_difference"
"""How far that is from the control's."""

# Written by the function that tells people, for each channel that it could not reach.
ALERT_FAILURES = "alert_failures_total"
CHANNEL = "Channel"
# Written for each run of a model whose runs are told to a tracking server.
TRACKING_FAILURES = "model_tracking_failures_total"
"""Runs that the tracking server was not told."""

FEATURE = "Feature"
VARIANT = "Variant"
SEGMENT = "Segment"

_LONGEST_FEATURE = 150


def feature_dimension(name: str) -> str:
    """A feature's name as CloudWatch takes it in dimensions and alarm names: short, ASCII, no colon.

    >>> feature_dimension("Größe: m²")
    'Gr%C3%B6%C3%9Fe%3A m%C2%B2'
    """
    from hashlib import sha256
    from urllib.parse import quote

    text = quote(name, safe=" ()[]")
    if len(text) <= _LONGEST_FEATURE:
        return text
    digest = sha256(name.encode()).hexdigest()[:12]
    return f"{text[: _LONGEST_FEATURE - len(digest) - 1]}~{digest}"
