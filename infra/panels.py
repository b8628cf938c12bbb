"""What a dashboard shows, of a model and of the platform: the figures that the alarms watch, and what explains them.

CloudWatch's dashboards and Grafana's are both made of these panels.
"""

from collections.abc import Sequence

from infra.metrics import (
    Limit,
    ModelNames,
    Panel,
    delivered,
    executions,
    feature_drift,
    live,
    own,
    waiting,
)
from lambdaloop import telemetry
from lambdaloop.domain.monitoring_rules import Monitoring

MOST_FEATURES = 40
"""In one panel: more lines than that nobody tells apart, and CloudWatch takes 500 metrics in a widget."""

_OF_EACH_MODEL = 5
"""Metrics of a model on the platform's dashboard."""


def model_panels(
    names: ModelNames,
    *,
    features: Sequence[str] = (),
    rules: Monitoring | None = None,
    max_error_rate: float | None = None,
    max_p95_latency_ms: float | None = None,
    most: int | None = None,
) -> list[Panel]:
    """In the order of reading: what clients see, what the watch finds, what the loop does. Limits where they are known.

    most: metrics in all of it; features beyond that are left out.
    """
    model, function = names.model, names.inference_function
    period = 3600 * (rules.every_hours if rules else 1)
    panels = [
        Panel(
            title="Requests",
            metrics=[
                live(function, "Invocations", "requests"),
                live(function, "Errors", "failed in the function"),
                live(function, "Throttles", "throttled"),
                own(model, telemetry.INVALID_REQUESTS, "answered with 422", statistic="Sum"),
            ],
            unit="short",
        ),
        Panel(
            title="Share of requests answered with a 5xx status",
            metrics=[own(model, telemetry.SERVER_ERRORS, "5xx", statistic="Average")],
            unit="percentunit",
            limits=_limits(max_error_rate, "max_error_rate"),
        ),
        Panel(
            title="Latency in the function",
            metrics=[
                live(function, "Duration", percentile, statistic=percentile)
                for percentile in ("p50", "p95", "p99")
            ],
            unit="ms",
            limits=_limits(max_p95_latency_ms, "max_p95_latency_ms"),
        ),
        Panel(
            title="Drift",
            metrics=[
                own(model, telemetry.DRIFT_SHARE, "share of features").every(period),
                own(model, telemetry.PREDICTION_DRIFT, "predictions (1 is the threshold)").every(period),
                own(model, telemetry.MULTIVARIATE_DRIFT, "features together (1 is the threshold)").every(
                    period
                ),
            ],
            limits=_limits(rules.drift_share if rules else None, "drift_share"),
        ),
        Panel(
            title="Performance",
            metrics=[
                own(model, telemetry.PERFORMANCE, "on labels").every(period),
                own(model, telemetry.ESTIMATED_PERFORMANCE, "estimated").every(period),
            ],
            least=None,  # R² of a model that is worse than the mean
        ),
        Panel(
            title="Drop below the holdout, beyond doubt",
            metrics=[
                own(model, telemetry.PERFORMANCE_DROP, "on labels").every(period),
                own(model, telemetry.ESTIMATED_PERFORMANCE_DROP, "estimated").every(period),
            ],
            limits=_limits(rules.max_performance_drop if rules else None, "max_performance_drop"),
        ),
        Panel(
            title="The log",
            metrics=[
                own(model, telemetry.CAPTURE_LOSS, "predictions not in it").every(period),
                own(model, telemetry.QUARANTINED_SHARE, "lines that cannot be read").every(period),
            ],
            unit="percentunit",
            limits=_limits(rules.max_capture_loss if rules else None, "max_capture_loss"),
        ),
        Panel(
            title="Delivery of the log",
            metrics=[
                delivered(
                    names.capture_stream, "DeliveryToS3.DataFreshness", "age in seconds", statistic="Maximum"
                ),
            ],
            unit="s",
        ),
        Panel(
            title="Labels and baseline",
            metrics=[
                own(model, telemetry.LABEL_DELAY, "hours since the newest label").every(period),
                own(model, telemetry.BASELINE_AGE, "age of the champion in days").every(period),
            ],
        ),
        Panel(
            title="Workflows that failed",
            metrics=[
                executions(names.training_workflow, "ExecutionsFailed", "trainings"),
                executions(names.release_workflow, "ExecutionsFailed", "releases"),
                executions(names.watch_workflow, "ExecutionsFailed", "watches"),
            ],
            unit="short",
        ),
        Panel(
            title="The loop",
            metrics=[
                own(model, telemetry.WATCH_RUNS, "runs of the watch").every(period),
                own(model, telemetry.RETRAININGS, "decided to train").every(period),
                own(model, telemetry.RETRAINING_STORMS, "held back by limits").every(period),
            ],
            unit="short",
        ),
    ]
    if features:
        drawn = sum(len(panel.metrics) for panel in panels)
        shown = list(features)[: MOST_FEATURES if most is None else min(MOST_FEATURES, most - drawn)]
        panels.insert(
            4,
            Panel(
                title="Drift of each feature, in thresholds",
                metrics=[feature_drift(model, each).every(period) for each in shown],
                limits=[Limit(value=1, label="threshold")],
            ),
        )
    return panels


def platform_panels(
    models: Sequence[str], *, queues: Sequence[tuple[str, str]], most: int | None = None
) -> list[Panel]:
    """Models side by side, and what the platform could not tell. `queues`: name and what lies in it.

    most: metrics in all of it; models beyond that, by the order in which they are given, are left out.
    """
    if most is not None:
        models = models[: (most - len(queues)) // _OF_EACH_MODEL]

    def of_all(title: str, name: str, *, statistic: str, unit: str = "none") -> Panel:
        specs = [own(model, name, model, statistic=statistic) for model in models]
        return Panel(title=title, metrics=specs, unit=unit)

    return [
        of_all("Predictions", telemetry.PREDICTIONS, statistic="Sum", unit="short"),
        of_all(
            "Share of requests answered with a 5xx status",
            telemetry.SERVER_ERRORS,
            statistic="Average",
            unit="percentunit",
        ),
        of_all("Latency, p95 of answered requests", telemetry.LATENCY, statistic="p95", unit="s"),
        of_all("Share of features that drifted", telemetry.DRIFT_SHARE, statistic="Maximum"),
        of_all("Drop below the holdout, beyond doubt", telemetry.PERFORMANCE_DROP, statistic="Maximum"),
        Panel(
            title="What could not be told",
            metrics=[waiting(queue, label) for queue, label in queues],
            unit="short",
        ),
    ]


def _limits(value: float | None, label: str) -> list[Limit]:
    return [] if value is None else [Limit(value=value, label=label)]
