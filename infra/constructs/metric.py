"""A metric of `infra.metrics` as CDK has it."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.metrics import MetricSpec
from infra.stages import stage_of
from lambdaloop import telemetry


def cdk_metric(scope: Construct, spec: MetricSpec, *, labelled: bool = False) -> cloudwatch.Metric:
    """Ours are those of the scope's stage. `labelled`: with its label, which only dashboards show."""
    ours = spec.namespace == telemetry.NAMESPACE
    return cloudwatch.Metric(
        namespace=stage_of(scope).metric_namespace if ours else spec.namespace,
        metric_name=spec.name,
        dimensions_map=dict(spec.dimensions),
        statistic=spec.statistic,
        period=Duration.seconds(spec.period_seconds),
        label=spec.label if labelled else None,
    )
