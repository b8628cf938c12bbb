"""The documents that say an alarm has changed: what SNS, Lambda, EventBridge and the history get, in AWS's shapes."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scripts.localcloud.cloud import ACCOUNT_ID, REGION

_REGION_NAME = "US East (N. Virginia)"  # what AWS calls us-east-1 in notifications
_STATISTIC_NAMES = {
    "Average": "AVERAGE",
    "Sum": "SUM",
    "Minimum": "MINIMUM",
    "Maximum": "MAXIMUM",
    "SampleCount": "SAMPLE_COUNT",
}


@dataclass(frozen=True, slots=True)
class State:
    """A state of an alarm and where it came from; `data` is JSON or empty."""

    value: str
    reason: str
    data: str
    since: datetime

    def document(self) -> dict[str, Any]:
        """As EventBridge and Lambda show it."""
        shown = {"value": self.value, "reason": self.reason, "timestamp": stamp(self.since)}
        return shown | ({"reasonData": self.data} if self.data else {})


def stamp(moment: datetime) -> str:
    """2026-01-31T12:00:00.000+0000."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+0000"


def metric_queries(alarm: Any) -> list[dict[str, Any]]:
    """The queries of a moto alarm in the words of GetMetricData; a simple alarm has one, m1."""
    if not alarm.metric_data_queries:
        metric = {
            "Namespace": alarm.namespace,
            "MetricName": alarm.metric_name,
            "Dimensions": [{"Name": d.name, "Value": d.value} for d in alarm.dimensions],
        }
        stat = {
            "Metric": metric,
            "Period": int(alarm.period),
            "Stat": alarm.statistic or alarm.extended_statistic,
        }
        return [
            {
                "Id": "m1",
                "MetricStat": stat | ({"Unit": alarm.unit} if alarm.unit else {}),
                "ReturnData": True,
            }
        ]
    return [query_document(query) for query in alarm.metric_data_queries]


def query_document(query: Any) -> dict[str, Any]:
    """One query of a metric math alarm in the words of GetMetricData."""
    shown: dict[str, Any] = {"Id": query.id, "ReturnData": query.return_data is not False}
    if query.label:
        shown["Label"] = query.label
    if query.metric_stat is None:
        return shown | {"Expression": query.expression}
    stat = query.metric_stat
    metric = {
        "Namespace": stat.metric.namespace,
        "MetricName": stat.metric.metric_name,
        "Dimensions": [{"Name": d.name, "Value": d.value} for d in stat.metric.dimensions],
    }
    shown["MetricStat"] = {"Metric": metric, "Period": int(stat.period), "Stat": stat.stat}
    if stat.unit:
        shown["MetricStat"]["Unit"] = stat.unit
    return shown


def change_detail(alarm: Any, new: State, old: State) -> dict[str, Any]:
    """Detail of the event "CloudWatch Alarm State Change"; Lambda actions get it as alarmData."""
    if alarm.rule is None:
        configuration: dict[str, Any] = {"metrics": [_event_metric(query) for query in metric_queries(alarm)]}
    else:
        configuration = {"alarmRule": alarm.rule}
    if alarm.description:
        configuration["description"] = alarm.description
    return {
        "alarmName": alarm.name,
        "state": new.document(),
        "previousState": old.document(),
        "configuration": configuration,
    }


def _event_metric(query: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": query["Id"], "returnData": query["ReturnData"]}
    if "Expression" in query:
        return shown | {"expression": query["Expression"]}
    stat = query["MetricStat"]
    metric = {
        "namespace": stat["Metric"]["Namespace"],
        "name": stat["Metric"]["MetricName"],
        "dimensions": {d["Name"]: d["Value"] for d in stat["Metric"]["Dimensions"]},
    }
    return shown | {"metricStat": {"metric": metric, "period": stat["Period"], "stat": stat["Stat"]}}


def lambda_event(alarm: Any, new: State, old: State) -> dict[str, Any]:
    """What a Lambda function gets as an alarm action."""
    return {
        "source": "aws.cloudwatch",
        "alarmArn": alarm.alarm_arn,
        "accountId": ACCOUNT_ID,
        "time": stamp(new.since),
        "region": REGION,
        "alarmData": change_detail(alarm, new, old),
    }


def notification_subject(alarm: Any, new: State) -> str:
    """Subject of the SNS message."""
    return f'{new.value}: "{alarm.name}" in {_REGION_NAME}'[:100]


def notification(alarm: Any, new: State, old: State) -> str:
    """The SNS message: a JSON document."""
    document = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": ACCOUNT_ID,
        "NewStateValue": new.value,
        "NewStateReason": new.reason,
        "StateChangeTime": stamp(new.since),
        "Region": _REGION_NAME,
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": old.value,
        "OKActions": alarm.ok_actions,
        "AlarmActions": alarm.alarm_actions,
        "InsufficientDataActions": alarm.insufficient_data_actions,
    }
    if alarm.rule is not None:
        return json.dumps(document | {"AlarmRule": alarm.rule})
    return json.dumps(document | {"Trigger": _trigger(alarm)})


def _trigger(alarm: Any) -> dict[str, Any]:
    trigger: dict[str, Any] = {
        "EvaluationPeriods": int(alarm.evaluation_periods),
        "DatapointsToAlarm": int(alarm.datapoints_to_alarm or alarm.evaluation_periods),
        "ComparisonOperator": alarm.comparison_operator,
        "Threshold": float(alarm.threshold),
        "TreatMissingData": alarm.treat_missing_data or "missing",
        "EvaluateLowSampleCountPercentile": "",
    }
    if alarm.metric_data_queries:
        return trigger | {"Metrics": metric_queries(alarm)}
    extended = alarm.extended_statistic
    kind = {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": extended}
    if not extended:
        kind = {"StatisticType": "Statistic", "Statistic": _STATISTIC_NAMES[alarm.statistic]}
    return trigger | {
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        **kind,
        "Unit": alarm.unit,
        "Dimensions": [{"value": d.value, "name": d.name} for d in alarm.dimensions],
        "Period": int(alarm.period),
    }
