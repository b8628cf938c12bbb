"""Metrics inside log lines: CloudWatch's embedded metric format (EMF).

AWS keeps every log line; the ones that carry a valid `_aws` document become metrics as well. A document that breaks
the specification yields nothing: it is counted, and the line stays readable as a log.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

MAX_DIMENSIONS = 30
MAX_METRICS = 100
MAX_VALUES = 100
LARGEST_VALUE = 2.0**360
OLDEST_SECONDS = 14 * 24 * 3600
NEWEST_SECONDS = 2 * 3600
_SIZES = ("Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes")
_BITS = ("Bits", "Kilobits", "Megabits", "Gigabits", "Terabits")
_RATES = [f"{unit}/Second" for unit in (*_SIZES, *_BITS, "Count")]
UNITS = frozenset(
    ("Seconds", "Microseconds", "Milliseconds", "Percent", "Count", "None", *_SIZES, *_BITS, *_RATES)
)


class InvalidEmbeddedMetricError(ValueError):
    """An `_aws` document that is not valid EMF; AWS publishes no metrics for it."""


@dataclass(frozen=True, slots=True)
class EmbeddedMetric:
    """Values of one metric, in the words of PutMetricData."""

    namespace: str
    datum: dict[str, Any]


def looks_embedded(message: str) -> bool:
    """Whether a log line may carry metrics: cheap, because it is asked of every line."""
    return '"_aws"' in message and message.lstrip().startswith("{")


def extract(message: str, now: float) -> list[EmbeddedMetric]:
    """Metrics of one log line at virtual time `now` (seconds): one per metric and dimension set.

    Returns an empty list for a line that carries none. Raises InvalidEmbeddedMetricError.
    """
    try:
        document = json.loads(message)
    except ValueError as error:
        raise InvalidEmbeddedMetricError(f"the line is not JSON: {error}") from error
    if not isinstance(document, dict) or "_aws" not in document:
        return []
    metadata = document["_aws"]
    if not isinstance(metadata, dict) or not isinstance(metadata.get("CloudWatchMetrics"), list):
        raise InvalidEmbeddedMetricError("_aws.CloudWatchMetrics must be a list")
    timestamp = _timestamp(metadata.get("Timestamp"), now)
    return [
        metric
        for directive in metadata["CloudWatchMetrics"]
        for metric in _directive(directive, document, timestamp)
    ]


def _timestamp(value: Any, now: float) -> datetime:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidEmbeddedMetricError(
            f"_aws.Timestamp must be milliseconds since the epoch, got {value!r}"
        )
    seconds = value / 1000
    if not now - OLDEST_SECONDS <= seconds <= now + NEWEST_SECONDS:
        raise InvalidEmbeddedMetricError(
            f"_aws.Timestamp {value} is older than 14 days or over 2 hours ahead"
        )
    return datetime.fromtimestamp(seconds, UTC)


def _directive(directive: Any, document: dict[str, Any], timestamp: datetime) -> Iterator[EmbeddedMetric]:
    if not isinstance(directive, dict):
        raise InvalidEmbeddedMetricError(f"a metric directive must be an object, got {directive!r}")
    namespace = directive.get("Namespace")
    if not isinstance(namespace, str) or not 1 <= len(namespace) <= 255:
        raise InvalidEmbeddedMetricError(f"Namespace must have 1 to 255 characters, got {namespace!r}")
    sets = _list(directive, "Dimensions")
    metrics = _list(directive, "Metrics")
    if len(metrics) > MAX_METRICS:
        raise InvalidEmbeddedMetricError(f"at most {MAX_METRICS} metrics in a directive, got {len(metrics)}")
    dimension_sets = [_dimensions(names, document) for names in sets]
    for metric in metrics:
        datum = _datum(metric, document, timestamp)
        for dimensions in dimension_sets:
            yield EmbeddedMetric(namespace, {**datum, "Dimensions": dimensions})


def _list(directive: dict[str, Any], name: str) -> list[Any]:
    value = directive.get(name)
    if not isinstance(value, list) or not value:
        raise InvalidEmbeddedMetricError(f"{name} must be a list that is not empty, got {value!r}")
    return value


def _dimensions(names: Any, document: dict[str, Any]) -> list[dict[str, str]]:
    if not isinstance(names, list) or len(names) > MAX_DIMENSIONS:
        raise InvalidEmbeddedMetricError(f"a dimension set has at most {MAX_DIMENSIONS} names, got {names!r}")
    found = []
    for name in names:
        value = document.get(name) if isinstance(name, str) else None
        if not isinstance(value, str) or not 1 <= len(value) <= 1024:
            raise InvalidEmbeddedMetricError(
                f"dimension {name!r} needs a text of 1 to 1024 characters, got {value!r}"
            )
        found.append({"Name": name, "Value": value})
    return found


def _datum(metric: Any, document: dict[str, Any], timestamp: datetime) -> dict[str, Any]:
    name = metric.get("Name") if isinstance(metric, dict) else None
    if not isinstance(name, str) or not 1 <= len(name) <= 1024:
        raise InvalidEmbeddedMetricError(f"a metric needs a name of 1 to 1024 characters, got {metric!r}")
    unit = metric.get("Unit", "None")
    if unit not in UNITS:
        raise InvalidEmbeddedMetricError(f"metric {name!r} has the unknown unit {unit!r}")
    resolution = metric.get("StorageResolution", 60)
    if resolution not in (1, 60):
        raise InvalidEmbeddedMetricError(
            f"metric {name!r} needs a StorageResolution of 1 or 60, got {resolution!r}"
        )
    target = document.get(name)
    values = target if isinstance(target, list) else [target]
    if not 1 <= len(values) <= MAX_VALUES:
        raise InvalidEmbeddedMetricError(f"metric {name!r} takes 1 to {MAX_VALUES} values, got {len(values)}")
    return {
        "MetricName": name,
        "Values": [_value(name, value) for value in values],
        "Unit": unit,
        "StorageResolution": resolution,
        "Timestamp": timestamp,
    }


def _value(name: str, value: Any) -> float:
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    if not numeric or not math.isfinite(value) or abs(value) > LARGEST_VALUE:
        raise InvalidEmbeddedMetricError(f"metric {name!r} needs numbers up to 2^360, got {value!r}")
    return float(value)
