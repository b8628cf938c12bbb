"""What happened to an alarm: DescribeAlarmHistory, which moto lacks."""

import json
from datetime import datetime
from typing import Any

from moto.core.responses import ActionResult

from scripts.localcloud.cloudwatch.alarm_documents import State
from scripts.localcloud.cloudwatch.moments import seconds

_PAGE = 100


def created(alarm: Any) -> None:
    """Remember that the alarm was created."""
    _remember(
        alarm,
        alarm.configuration_updated_timestamp,
        "ConfigurationUpdate",
        f'Alarm "{alarm.name}" created',
        {},
    )


def updated(alarm: Any) -> None:
    """Remember that its configuration changed."""
    _remember(
        alarm,
        alarm.configuration_updated_timestamp,
        "ConfigurationUpdate",
        f'Alarm "{alarm.name}" updated',
        {},
    )


def changed(alarm: Any, new: State, old: State) -> None:
    """Remember a change of state."""
    data = {
        "version": "1.0",
        "oldState": {"stateValue": old.value, "stateReason": old.reason},
        "newState": {
            "stateValue": new.value,
            "stateReason": new.reason,
            "stateReasonData": json.loads(new.data or "null"),
        },
    }
    _remember(alarm, new.since, "StateUpdate", f"Alarm updated from {old.value} to {new.value}", data)


def acted(alarm: Any, arn: str, new: State, moment: datetime, failure: str | None) -> None:
    """Remember an action, and why it failed if it did."""
    outcome = "Successfully executed" if failure is None else "Failed to execute"
    data = {
        "actionState": "Succeeded" if failure is None else "Failed",
        "stateUpdateTimestamp": int(new.since.timestamp() * 1000),
        "notificationResource": arn,
        "publishedMessage": None,
        "error": failure,
    }
    _remember(alarm, moment, "Action", f"{outcome} action {arn}", data)


def describe_alarm_history(response: Any) -> Any:
    """Answer DescribeAlarmHistory."""
    given = response._get_params()  # noqa: SLF001  # as moto's own responses do
    name, kind = given.get("AlarmName"), given.get("HistoryItemType")
    types = given.get("AlarmTypes") or ["MetricAlarm", "CompositeAlarm"]
    start, end = seconds(given.get("StartDate"), float("-inf")), seconds(given.get("EndDate"), float("inf"))
    items = [
        item
        for alarm in response.cloudwatch_backend.alarms.values()
        if name in (None, alarm.name)
        for item in alarm.history
        if kind in (None, item["HistoryItemType"])
        and item["AlarmType"] in types
        and start <= item["Timestamp"].timestamp() <= end
    ]
    items.sort(key=lambda item: item["Timestamp"])  # stable: what came later stays later
    if given.get("ScanBy") != "TimestampAscending":
        items.reverse()
    first, size = int(given.get("NextToken") or 0), int(given.get("MaxRecords") or _PAGE)
    result: dict[str, Any] = {"AlarmHistoryItems": items[first : first + size]}
    if first + size < len(items):
        result["NextToken"] = str(first + size)
    return ActionResult(result)


def _remember(alarm: Any, moment: datetime, kind: str, summary: str, data: dict[str, Any]) -> None:
    alarm.history.append(
        {
            "AlarmName": alarm.name,
            "AlarmType": "MetricAlarm" if alarm.rule is None else "CompositeAlarm",
            "Timestamp": moment,
            "HistoryItemType": kind,
            "HistorySummary": summary,
            "HistoryData": json.dumps(data),
        }
    )
