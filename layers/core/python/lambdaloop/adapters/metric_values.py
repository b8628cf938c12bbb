"""What GetMetricData answers, taken only when it is whole.

CloudWatch answers with status 200 also where it could not read a metric, and says so for each query. No values would then
mean no errors.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lambdaloop.adapters.aws_errors import aws_errors
from lambdaloop.domain.errors import BackendUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient


def metric_values(
    client: "CloudWatchClient",
    queries: Mapping[str, Mapping[str, Any]],
    *,
    start: datetime,
    end: datetime,
) -> dict[str, list[float]]:
    """The values of each MetricStat in `queries`, by its id: one per period that had any. BackendUnavailableError unless all are known."""
    values: dict[str, list[float]] = {id_: [] for id_ in queries}
    statuses = dict.fromkeys(queries, "Missing")
    pages = client.get_paginator("get_metric_data").paginate(
        MetricDataQueries=[{"Id": id_, "MetricStat": stat} for id_, stat in queries.items()],  # type: ignore[misc]
        StartTime=start,
        EndTime=end,
    )
    with aws_errors():
        for page in pages:
            for result in page["MetricDataResults"]:
                statuses[result["Id"]] = result["StatusCode"]  # of its last page
                values[result["Id"]] += result["Values"]
    for id_, status in statuses.items():
        if status != "Complete":
            raise BackendUnavailableError(
                f"CloudWatch has no whole answer for {_told(queries[id_]['Metric'])} ({status}): try again"
            )
    return values


def metric_stat(
    metric: str, dimensions: Mapping[str, str], statistic: str, *, namespace: str, seconds: int
) -> dict[str, Any]:
    """What GetMetricData calls so; `seconds` is its period."""
    return {
        "Metric": {
            "Namespace": namespace,
            "MetricName": metric,
            "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
        },
        "Period": seconds,
        "Stat": statistic,
    }


def _told(metric: Mapping[str, Any]) -> str:
    dimensions: Sequence[Mapping[str, str]] = metric["Dimensions"]
    return " ".join([metric["MetricName"], *(f"{each['Name']}={each['Value']}" for each in dimensions)])
