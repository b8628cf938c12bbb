"""What the inference function says that it answered and failed, by the metrics that it writes with every request."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from lambdaloop import telemetry
from lambdaloop.adapters.aws_client import aws_client
from lambdaloop.adapters.metric_values import metric_stat, metric_values

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

_HOUR_SECONDS = 3600


class CloudWatchServed:
    """The ports ServedPredictions and FailedRequests. IAM: cloudwatch:GetMetricData, which takes no resource."""

    def __init__(self, *, client: "CloudWatchClient | None" = None) -> None:
        self._client: CloudWatchClient = client or aws_client("cloudwatch")

    def served(self, model: str, *, start: datetime, end: datetime) -> float | None:
        """In whole hours; None when nothing was counted."""
        values = self._hours(telemetry.PREDICTIONS, {telemetry.MODEL: model}, start, end)
        return sum(values) if values else None

    def failed(
        self, model: str, *, release: int, variant: str | None, start: datetime, end: datetime
    ) -> float:
        """Of one arm of a release, or of all of it, with a 5xx status, in whole hours; none before the first whole one."""
        if start >= end:  # CloudWatch refuses to be asked about no time
            return 0.0
        dimensions = {telemetry.MODEL: model, telemetry.RELEASE: str(release)}
        if variant is not None:
            dimensions[telemetry.VARIANT] = variant
        return sum(self._hours(telemetry.SERVER_ERRORS, dimensions, start, end))

    def _hours(
        self, metric: str, dimensions: Mapping[str, str], start: datetime, end: datetime
    ) -> list[float]:
        sums = metric_stat(metric, dimensions, "Sum", namespace=telemetry.namespace(), seconds=_HOUR_SECONDS)
        return metric_values(self._client, {"sums": sums}, start=start, end=end)["sums"]
