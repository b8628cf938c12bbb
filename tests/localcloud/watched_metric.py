"""A local cloud with a metric, and alarms on it."""

from typing import Any

from scripts.localcloud import alarms
from tests.localcloud.eventing_cloud import EventingCloud


class Watch:
    """A cloud with a metric N/Errors and alarms on it."""

    def __init__(self, running: EventingCloud) -> None:
        self.running = running
        self.api = running.client("cloudwatch")

    def put(self, *values: float, name: str = "Errors") -> None:
        """Values of the minute that now ends; then evaluates."""
        if values:
            moment = self.running.cloud.clock.now()
            data = [{"MetricName": name, "Values": list(values), "Timestamp": moment}]
            self.api.put_metric_data(Namespace="N", MetricData=data)
        self.running.advance(60)
        alarms.evaluate_alarms(self.running.cloud)

    def alarm(self, name: str = "errors", **more: Any) -> None:
        settings = {
            "AlarmName": name,
            "Namespace": "N",
            "MetricName": "Errors",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1.0,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        }
        self.api.put_metric_alarm(
            **{name: value for name, value in (settings | more).items() if value is not None}
        )

    def described(self, name: str = "errors") -> Any:
        [found] = self.api.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        return found

    def state(self, name: str = "errors") -> str:
        return str(self.described(name)["StateValue"])

    def composite_state(self, name: str) -> str:
        [found] = self.api.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])[
            "CompositeAlarms"
        ]
        return str(found["StateValue"])

    def history(self, kind: str, name: str = "errors") -> list[str]:
        items = self.api.describe_alarm_history(
            AlarmName=name, HistoryItemType=kind, ScanBy="TimestampAscending"
        )["AlarmHistoryItems"]
        return [item["HistorySummary"] for item in items]
