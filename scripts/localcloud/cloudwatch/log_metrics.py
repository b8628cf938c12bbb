"""Metrics out of log lines: those embedded in them (EMF), and those that metric filters count."""

import json
import re
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.logs.models import logs_backends

from scripts.localcloud import json_path
from scripts.localcloud.cloud import ACCOUNT_ID, REGION, Cloud
from scripts.localcloud.cloudwatch import embedded_metrics
from scripts.localcloud.cloudwatch.embedded_metrics import InvalidEmbeddedMetricError
from scripts.localcloud.cloudwatch.log_patterns import compile_pattern

_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")
MAX_FILTER_DIMENSIONS = 3

_Data = dict[str, list[dict[str, Any]]]
"""MetricData by namespace."""


def publish(cloud: Cloud, group: str, events: list[dict[str, Any]]) -> None:
    """Publish the metrics of lines that were just written to a log group; call it with the lock of moto."""
    data: _Data = defaultdict(list)
    _embedded(cloud, group, events, data)
    for metric_filter in logs_backends[ACCOUNT_ID][REGION].filters.metric_filters:
        if metric_filter["logGroupName"] == group:
            for transformation in metric_filter["metricTransformations"]:
                _filtered(metric_filter["filterPattern"], transformation, events, data)
    backend = cloudwatch_backends[ACCOUNT_ID][REGION]
    for namespace, metrics in data.items():
        backend.put_metric_data(namespace, metrics)


def check(transformation: dict[str, Any]) -> None:
    """Raise ValueError for a metric transformation that CloudWatch refuses."""
    value = str(transformation["metricValue"])
    if value.startswith("$"):
        json_path.parse(value)
    elif not _NUMBER.fullmatch(value):
        raise ValueError(f"metricValue must be a number or a selector like $.latency, got {value!r}")
    dimensions = transformation.get("dimensions") or {}
    if len(dimensions) > MAX_FILTER_DIMENSIONS:
        raise ValueError(f"at most {MAX_FILTER_DIMENSIONS} dimensions, got {sorted(dimensions)}")
    if dimensions and transformation.get("defaultValue") is not None:
        raise ValueError("dimensions and defaultValue are mutually exclusive")
    for selector in dimensions.values():
        json_path.parse(selector)


def _embedded(cloud: Cloud, group: str, events: list[dict[str, Any]], data: _Data) -> None:
    now = cloud.clock.time()
    for event in events:
        if not embedded_metrics.looks_embedded(event["message"]):
            continue
        try:
            found = embedded_metrics.extract(event["message"], now)
        except InvalidEmbeddedMetricError:
            data["AWS/Logs"].append(
                _datum("EMFValidationErrors", 1.0, {"LogGroupName": group}, event["timestamp"])
            )
            continue
        for metric in found:
            data[metric.namespace].append(metric.datum)


def _filtered(
    pattern: str, transformation: dict[str, Any], events: list[dict[str, Any]], data: _Data
) -> None:
    matches = compile_pattern(pattern)
    found = data[transformation["metricNamespace"]]
    name, unit = transformation["metricName"], transformation.get("unit") or "None"
    for event in events:
        if not matches(event["message"]):
            continue
        document = _document(event["message"])
        value = _value(str(transformation["metricValue"]), document)
        selectors = {
            key: json_path.parse(text) for key, text in (transformation.get("dimensions") or {}).items()
        }
        dimensions = {key: json_path.find(document, path) for key, path in selectors.items()}
        if value is not None and all(isinstance(text, str) and text for text in dimensions.values()):
            found.append(_datum(name, value, dimensions, event["timestamp"]) | {"Unit": unit})
    default = transformation.get("defaultValue")
    if default is not None:
        # AWS reports it for a minute in which lines came but none matched
        matched = {event["timestamp"] // 60_000 for event in events if matches(event["message"])}
        for minute in {event["timestamp"] // 60_000 for event in events} - matched:
            found.append(_datum(name, float(default), {}, minute * 60_000) | {"Unit": unit})


def _value(selector: str, document: Any) -> float | None:
    value: Any = selector
    if selector.startswith("$"):
        value = json_path.find(document, json_path.parse(selector))
    if isinstance(value, bool) or (isinstance(value, str) and not _NUMBER.fullmatch(value)):
        return None
    return float(value) if isinstance(value, int | float | str) else None


def _document(message: str) -> Any:
    try:
        return json.loads(message)
    except ValueError:
        return json_path.MISSING


def _datum(name: str, value: float, dimensions: dict[str, Any], timestamp: int) -> dict[str, Any]:
    return {
        "MetricName": name,
        "Value": value,
        "Dimensions": [{"Name": key, "Value": text} for key, text in dimensions.items()],
        "Timestamp": datetime.fromtimestamp(timestamp / 1000, UTC),
    }
