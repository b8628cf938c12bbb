"""Names of metrics and dimensions, shared by code, alarms and dashboards."""

NAMESPACE = "Lambdaloop"

PREDICTIONS = "model_predictions_total"
REQUEST_ERRORS = "model_request_errors_total"
"""Requests answered with a 4xx or 5xx status."""
SERVER_ERRORS = "model_server_errors_total"
"""Requests answered with a 5xx status."""
LATENCY = "model_prediction_latency_seconds"

MODEL = "Model"
RELEASE = "Release"
