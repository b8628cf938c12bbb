"""Which alarms of a model began, and which of them are about drift."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import boto3

from lambdaloop import telemetry

_DRIFT_METRICS = {
    telemetry.DRIFT_SHARE,
    telemetry.FEATURE_DRIFT,
    telemetry.PREDICTION_DRIFT,
    telemetry.MULTIVARIATE_DRIFT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmBegan:
    """An alarm that went off."""

    at: datetime
    name: str
    """Without what the names of all alarms of the model begin with."""
    is_drift: bool


class AlarmHistory(Protocol):
    """Knows what alarms did."""

    def began(self, *, after: datetime, until: datetime) -> Iterator[AlarmBegan]:
        """Alarms that went off in (after, until], in order."""
        ...


class CloudWatchAlarmHistory:
    """The alarms of one model, by the prefix of their names."""

    def __init__(self, model: str) -> None:
        self._prefix = f"lambdaloop-{model}-"
        self._client: Any = boto3.client("cloudwatch")
        pages = self._client.get_paginator("describe_alarms").paginate(AlarmNamePrefix=self._prefix)
        self._metrics = {
            alarm["AlarmName"]: alarm.get("MetricName") for page in pages for alarm in page["MetricAlarms"]
        }

    def began(self, *, after: datetime, until: datetime) -> Iterator[AlarmBegan]:
        """Alarms that went off in (after, until], in order."""
        pages = self._client.get_paginator("describe_alarm_history").paginate(
            HistoryItemType="StateUpdate", StartDate=after, EndDate=until, ScanBy="TimestampAscending"
        )
        for page in pages:
            for item in page["AlarmHistoryItems"]:
                name, at = item["AlarmName"], item["Timestamp"].astimezone(UTC)
                state = json.loads(item["HistoryData"])["newState"]["stateValue"]
                if state == "ALARM" and name in self._metrics and at > after:
                    is_drift = self._metrics[name] in _DRIFT_METRICS
                    yield AlarmBegan(at=at, name=name.removeprefix(self._prefix), is_drift=is_drift)
