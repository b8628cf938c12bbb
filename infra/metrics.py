"""The one place that says which metrics there are about a model and the platform: alarms and dashboards are made of these.

Nothing of CDK here: names may be references of a template, or variables of a Grafana dashboard.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from lambdaloop import telemetry
from lambdaloop.settings import LIVE_ALIAS

FIVE_MINUTES = 300
"""Seconds; what short alarms look at, and dashboards by default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSpec:
    """One metric and how it is summed up."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: str
    label: str
    period_seconds: int = FIVE_MINUTES

    def every(self, seconds: int) -> "MetricSpec":
        """The same over other periods."""
        return replace(self, period_seconds=seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelNames:
    """What the resources of one model are called."""

    model: str
    inference_function: str
    training_workflow: str
    """ARN, like the other workflows."""
    release_workflow: str
    watch_workflow: str
    capture_stream: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A line that a figure should not cross."""

    value: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A few metrics that are looked at together."""

    title: str
    metrics: Sequence[MetricSpec]
    unit: str = "none"
    """As Grafana calls it: none, percentunit, ms, short."""
    limits: Sequence[Limit] = field(default_factory=tuple)
    least: float | None = 0
    """Where the axis begins; None where the figures say it."""


def own(model: str, name: str, label: str, *, statistic: str = "Maximum") -> MetricSpec:
    """A metric of ours about a model. The largest value by default: a metric may arrive twice, and its sum would lie."""
    return MetricSpec(
        namespace=telemetry.NAMESPACE,
        name=name,
        dimensions={telemetry.MODEL: model},
        statistic=statistic,
        label=label,
    )


def feature_drift(model: str, feature: str) -> MetricSpec:
    """How far one feature is from the baseline."""
    spec = own(model, telemetry.FEATURE_DRIFT, feature)
    return replace(
        spec, dimensions={**spec.dimensions, telemetry.FEATURE: telemetry.feature_dimension(feature)}
    )


def live(function: str, name: str, label: str, *, statistic: str = "Sum") -> MetricSpec:
    """What Lambda counts of the live alias."""
    dimensions = {"FunctionName": function, "Resource": f"{function}:{LIVE_ALIAS}"}
    return MetricSpec(
        namespace="AWS/Lambda", name=name, dimensions=dimensions, statistic=statistic, label=label
    )


def executions(workflow: str, name: str, label: str) -> MetricSpec:
    """What Step Functions counts of a workflow."""
    return MetricSpec(
        namespace="AWS/States",
        name=name,
        dimensions={"StateMachineArn": workflow},
        statistic="Sum",
        label=label,
    )


def delivered(stream: str, name: str, label: str, *, statistic: str) -> MetricSpec:
    """What Firehose counts of the prediction log."""
    return MetricSpec(
        namespace="AWS/Firehose",
        name=name,
        dimensions={"DeliveryStreamName": stream},
        statistic=statistic,
        label=label,
    )


def waiting(queue: str, label: str) -> MetricSpec:
    """How many messages lie in a queue."""
    return MetricSpec(
        namespace="AWS/SQS",
        name="ApproximateNumberOfMessagesVisible",
        dimensions={"QueueName": queue},
        statistic="Maximum",
        label=label,
    )
