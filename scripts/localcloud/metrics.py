"""CloudWatch metrics that can be queried: statistics, percentiles and metric math over an indexed store.

moto scans one list of all values per period, crashes on percentiles, starts periods at the first value, and answers
metric math by repeating an operand. Seams, all of them whole functions:

* `CloudWatchBackend.put_metric_data` (every way into the store goes through it), `.get_metric_data`,
  `.get_metric_statistics`, `.get_filtered_metrics` (ListMetrics)
* `CloudWatchResponse.get_metric_statistics`, because moto's drops ExtendedStatistics
* `moto.cloudwatch.models.utcnow`: virtual time

The storage metrics that moto derives from S3 and SQS are not part of it.
"""

import math
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch import models, responses
from moto.cloudwatch.exceptions import InvalidParameterCombination, InvalidParameterValue, ValidationError
from moto.core.responses import ActionResult

from scripts.localcloud import moto_seams
from scripts.localcloud.cloud import ACCOUNT_ID, REGION, Cloud
from scripts.localcloud.cloudwatch import metric_queries, statistics
from scripts.localcloud.cloudwatch.embedded_metrics import (
    LARGEST_VALUE,
    MAX_DIMENSIONS,
    NEWEST_SECONDS,
    OLDEST_SECONDS,
    UNITS,
)
from scripts.localcloud.cloudwatch.metric_math import InvalidExpressionError
from scripts.localcloud.cloudwatch.metric_queries import InvalidQueryError
from scripts.localcloud.cloudwatch.metric_store import metric_key, store_of
from scripts.localcloud.cloudwatch.moments import seconds
from scripts.localcloud.cloudwatch.statistics import UnknownStatisticError

MAX_VALUES = 150  # of one datum, in PutMetricData
MAX_DATAPOINTS = 1440  # of one GetMetricStatistics call


def install(cloud: Cloud) -> None:
    """Replace moto's metric storage and queries."""
    seams = moto_seams.of(cloud)
    if not seams.first("metrics"):
        return

    def put_metric_data(backend: Any, namespace: str, metric_data: list[dict[str, Any]]) -> None:
        now = cloud.clock.time()
        for number, datum in enumerate(metric_data, start=1):
            _check_datum(datum, number, now)
        store = store_of(backend)
        for datum in metric_data:
            store.put(namespace, datum, seconds(datum.get("Timestamp"), now))

    def get_metric_data(
        backend: Any,
        queries: list[dict[str, Any]],
        start_time: Any,
        end_time: Any,
        scan_by: str = "TimestampAscending",
    ) -> list[dict[str, Any]]:
        now = cloud.clock.time()
        start, end = seconds(start_time, now), seconds(end_time, now)
        if start >= end:
            raise ValidationError("The parameter EndTime must be greater than StartTime.")
        try:
            results = metric_queries.run(store_of(backend), queries, start, end, now)
        except (InvalidQueryError, InvalidExpressionError, UnknownStatisticError) as error:
            raise ValidationError(str(error)) from error
        newest_first = scan_by == "TimestampDescending"
        return [_answer(result, newest_first=newest_first) for result in results if result.returned]

    def get_metric_statistics(
        backend: Any,
        namespace: str,
        metric_name: str,
        start_time: Any,
        end_time: Any,
        period: int,
        stats: list[str],
        dimensions: list[dict[str, str]],
        unit: str | None = None,
    ) -> list[dict[str, Any]]:
        now = cloud.clock.time()
        start, end = seconds(start_time, now), seconds(end_time, now)
        if start >= end:
            raise InvalidParameterValue("The parameter StartTime must be less than the parameter EndTime.")
        try:
            width = metric_queries.check_period(period)
            for name in stats:
                statistics.check(name)
        except (InvalidQueryError, UnknownStatisticError) as error:
            raise InvalidParameterValue(str(error)) from error
        begin = metric_queries.first_period(start, width, now)
        wanted = math.ceil((end - begin) / width)
        if wanted > MAX_DATAPOINTS:
            raise InvalidParameterCombination(
                f"You have requested up to {wanted} datapoints, which exceeds the limit of {MAX_DATAPOINTS}."
            )
        key = metric_key(namespace, metric_name, dimensions)
        datapoints = [
            _datapoint(time, name, values, stats)
            for time, units in store_of(backend).points_by_unit(key, begin, int(end), width, unit)
            for name, values in units.items()
        ]
        return [datapoint for datapoint in datapoints if len(datapoint) > 2]  # more than Timestamp and Unit

    def get_filtered_metrics(
        backend: Any, metric_name: str | None, namespace: str | None, dimensions: list[dict[str, str]]
    ) -> list[Any]:
        return [
            models.MetricDatumBase(
                namespace=key.namespace,
                name=key.name,
                dimensions=[{"Name": name, "Value": value} for name, value in key.dimensions],
                timestamp=None,
            )
            for key in store_of(backend).keys(cloud.clock.time())
            if metric_name in (None, key.name)
            and namespace in (None, key.namespace)
            and _has(key, dimensions)
        ]

    seams.replace(models.CloudWatchBackend, "put_metric_data", put_metric_data)
    seams.replace(models.CloudWatchBackend, "get_metric_data", get_metric_data)
    seams.replace(models.CloudWatchBackend, "get_metric_statistics", get_metric_statistics)
    seams.replace(models.CloudWatchBackend, "get_filtered_metrics", get_filtered_metrics)
    seams.replace(responses.CloudWatchResponse, "get_metric_statistics", _get_metric_statistics)
    seams.replace(models, "utcnow", lambda: cloud.clock.now().replace(tzinfo=None))


def count(cloud: Cloud, namespace: str, name: str, dimensions: dict[str, str], value: float = 1.0) -> None:
    """Publish one value now, as AWS services do about themselves."""
    datum = {
        "MetricName": name,
        "Value": value,
        "Unit": "Count",
        "Dimensions": [{"Name": key, "Value": text} for key, text in dimensions.items()],
        "Timestamp": cloud.clock.now(),
    }
    with cloud.lock:
        models.cloudwatch_backends[ACCOUNT_ID][REGION].put_metric_data(namespace, [datum])


def _get_metric_statistics(response: Any) -> Any:
    given = response._get_params()  # noqa: SLF001  # as moto's own responses do
    stats = [*(given.get("Statistics") or []), *(given.get("ExtendedStatistics") or [])]
    if not stats:
        raise InvalidParameterCombination("Must specify either Statistics or ExtendedStatistics")
    datapoints = response.cloudwatch_backend.get_metric_statistics(
        given["Namespace"],
        given["MetricName"],
        given["StartTime"],
        given["EndTime"],
        given["Period"],
        stats,
        unit=given.get("Unit"),
        dimensions=given.get("Dimensions") or [],
    )
    return ActionResult({"Label": given["MetricName"], "Datapoints": datapoints})


def _answer(result: metric_queries.QueryResult, *, newest_first: bool) -> dict[str, Any]:
    times = sorted(result.series, reverse=newest_first)
    return {
        "id": result.id,
        "label": result.label,
        "timestamps": [datetime.fromtimestamp(time, UTC) for time in times],
        "values": [result.series[time] for time in times],
        "status_code": "Complete",
    }


def _datapoint(time: int, unit: str, values: statistics.Aggregate, names: list[str]) -> dict[str, Any]:
    found = {name: values.statistic(name) for name in names}
    datapoint: dict[str, Any] = {"Timestamp": datetime.fromtimestamp(time, UTC), "Unit": unit}
    datapoint |= {name: value for name, value in found.items() if name in statistics.SIMPLE}
    percentiles = {k: v for k, v in found.items() if k not in statistics.SIMPLE and v is not None}
    return datapoint | ({"ExtendedStatistics": percentiles} if percentiles else {})


def _has(key: Any, wanted: list[dict[str, str]]) -> bool:
    have = dict(key.dimensions)
    return all(d["Name"] in have and d.get("Value") in (None, have[d["Name"]]) for d in wanted or [])


def _check_datum(datum: dict[str, Any], number: int, now: float) -> None:
    where = f"MetricData.member.{number}"
    dimensions = datum.get("Dimensions") or []
    if len(dimensions) > MAX_DIMENSIONS:
        raise InvalidParameterValue(
            f"The collection {where}.Dimensions must not have a size greater than {MAX_DIMENSIONS}."
        )
    for dimension in dimensions:
        if not str(dimension.get("Value") or "").strip():
            raise InvalidParameterValue(f"The parameter {where}.Dimensions.member.1.Value must not be empty.")
    given = [name for name in ("Value", "Values", "StatisticValues") if datum.get(name) is not None]
    if len(given) != 1:
        raise InvalidParameterCombination(
            f"{where} needs exactly one of Value, Values and StatisticValues, got {given or 'none of them'}."
        )
    values, counts = datum.get("Values") or [], datum.get("Counts") or []
    if len(values) > MAX_VALUES or (counts and len(counts) != len(values)):
        raise InvalidParameterValue(
            f"The parameters {where}.Values and {where}.Counts must be of the same size, at most {MAX_VALUES}."
        )
    summary = datum.get("StatisticValues") or {}
    missing = {"SampleCount", "Sum", "Minimum", "Maximum"} - summary.keys() if summary else set()
    if missing:
        raise InvalidParameterValue(
            f"Missing required parameter in {where}.StatisticValues: {sorted(missing)}"
        )
    for value in [*values, *counts, *summary.values(), datum.get("Value", 0.0)]:
        if value is not None and not (math.isfinite(float(value)) and abs(float(value)) <= LARGEST_VALUE):
            raise InvalidParameterValue(f"The value {value} for parameter {where}.Value is invalid.")
    if (datum.get("Unit") or "None") not in UNITS:
        raise InvalidParameterValue(f"The value {datum['Unit']} for parameter {where}.Unit is invalid.")
    if not now - OLDEST_SECONDS <= seconds(datum.get("Timestamp"), now) <= now + NEWEST_SECONDS:
        raise InvalidParameterValue(
            f"The parameter {where}.Timestamp must be a timestamp no more than two weeks past and two hours ahead."
        )
