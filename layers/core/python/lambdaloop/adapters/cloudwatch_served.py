"""How many predictions the inference function says it answered, by the metric that it writes with every request."""

from datetime import datetime
from typing import TYPE_CHECKING

from lambdaloop import telemetry
from lambdaloop.adapters.aws_client import aws_client
from lambdaloop.adapters.aws_errors import aws_errors

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

_HOUR_SECONDS = 3600


class CloudWatchServed:
    """The port ServedPredictions. IAM: cloudwatch:GetMetricData, which takes no resource."""

    def __init__(self, *, client: "CloudWatchClient | None" = None) -> None:
        self._client: CloudWatchClient = client or aws_client("cloudwatch")

    def served(self, model: str, *, start: datetime, end: datetime) -> float | None:
        """In whole hours; None when nothing was counted."""
        values: list[float] = []
        pages = self._client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=[
                {
                    "Id": "served",
                    "MetricStat": {
                        "Metric": {
                            "Namespace": telemetry.NAMESPACE,
                            "MetricName": telemetry.PREDICTIONS,
                            "Dimensions": [{"Name": telemetry.MODEL, "Value": model}],
                        },
                        "Period": _HOUR_SECONDS,
                        "Stat": "Sum",
                    },
                }
            ],
            StartTime=start,
            EndTime=end,
        )
        with aws_errors():
            for page in pages:
                for result in page["MetricDataResults"]:
                    values += result["Values"]
        return sum(values) if values else None
