"""A metric of `infra.metrics` as CDK has it."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from infra.metrics import MetricSpec


def cdk_metric(spec: MetricSpec, *, labelled: bool = False) -> cloudwatch.Metric:
    """`labelled`: with its label, which only dashboards show."""
    return cloudwatch.Metric(
        namespace=spec.namespace,
        metric_name=spec.name,
        dimensions_map=dict(spec.dimensions),
        statistic=spec.statistic,
        period=Duration.seconds(spec.period_seconds),
        label=spec.label if labelled else None,
    )
