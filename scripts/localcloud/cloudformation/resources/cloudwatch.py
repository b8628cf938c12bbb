"""Alarms and dashboards."""

# ruff: noqa: ARG002 - every type has the same methods, and not every one needs every argument

from abc import abstractmethod
from typing import Any

from scripts.localcloud.cloudformation.resource_type import (
    Physical,
    Place,
    Properties,
    ResourceType,
    tags,
)


class _NamedAlarm(ResourceType):
    """What both kinds of alarm share: one call puts a new one or changes an old one of the same name."""

    replaced_by = frozenset({"AlarmName"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Put the alarm."""
        name = properties.get("AlarmName") or place.name(limit=255)
        self._put(place, name, properties)
        return Physical(id=name, attributes={"Arn": place.arn("cloudwatch", f"alarm:{name}")})

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Put it again under the same name."""
        self._put(place, physical.id, properties)
        return physical

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Delete the alarm."""
        place.client("cloudwatch").delete_alarms(AlarmNames=[physical.id])

    @abstractmethod
    def _put(self, place: Place, name: str, properties: Properties) -> None: ...


class Alarm(_NamedAlarm):
    """An alarm on a metric."""

    type = "AWS::CloudWatch::Alarm"
    applied = frozenset(
        {
            "ActionsEnabled",
            "AlarmActions",
            "AlarmDescription",
            "AlarmName",
            "ComparisonOperator",
            "DatapointsToAlarm",
            "Dimensions",
            "EvaluateLowSampleCountPercentile",
            "EvaluationPeriods",
            "ExtendedStatistic",
            "InsufficientDataActions",
            "MetricName",
            "Metrics",
            "Namespace",
            "OKActions",
            "Period",
            "Statistic",
            "Tags",
            "Threshold",
            "ThresholdMetricId",
            "TreatMissingData",
            "Unit",
        }
    )

    def _put(self, place: Place, name: str, properties: Properties) -> None:
        place.client("cloudwatch").put_metric_alarm(**_named(name, properties))


class CompositeAlarm(_NamedAlarm):
    """An alarm on other alarms."""

    type = "AWS::CloudWatch::CompositeAlarm"
    applied = frozenset(
        {
            "ActionsEnabled",
            "ActionsSuppressor",
            "ActionsSuppressorExtensionPeriod",
            "ActionsSuppressorWaitPeriod",
            "AlarmActions",
            "AlarmDescription",
            "AlarmName",
            "AlarmRule",
            "InsufficientDataActions",
            "OKActions",
            "Tags",
        }
    )

    def _put(self, place: Place, name: str, properties: Properties) -> None:
        place.client("cloudwatch").put_composite_alarm(**_named(name, properties))


class Dashboard(ResourceType):
    """A dashboard."""

    type = "AWS::CloudWatch::Dashboard"
    applied = frozenset({"DashboardBody", "DashboardName"})
    replaced_by = frozenset({"DashboardName"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Put the dashboard."""
        name = properties.get("DashboardName") or place.name(limit=255)
        place.client("cloudwatch").put_dashboard(
            DashboardName=name, DashboardBody=properties["DashboardBody"]
        )
        return Physical(id=name)

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Put it again under the same name."""
        body = properties["DashboardBody"]
        place.client("cloudwatch").put_dashboard(DashboardName=physical.id, DashboardBody=body)
        return physical

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Delete the dashboard."""
        place.client("cloudwatch").delete_dashboards(DashboardNames=[physical.id])


def _named(name: str, properties: Properties) -> dict[str, Any]:
    pairs = [{"Key": key, "Value": value} for key, value in tags(properties).items()]
    return {**properties, "AlarmName": name, "Tags": pairs}
