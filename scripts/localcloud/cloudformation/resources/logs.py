"""Log groups and what watches them."""

# ruff: noqa: ARG002 - every type has the same methods, and not every one needs every argument

from abc import abstractmethod
from typing import Any

from scripts.localcloud.cloudformation.resource_type import (
    ImmutableType,
    Physical,
    Place,
    Properties,
    ResourceType,
    chosen,
    lower_keys,
    tags,
)


class LogGroup(ResourceType):
    """A log group with its retention."""

    type = "AWS::Logs::LogGroup"
    applied = frozenset({"KmsKeyId", "LogGroupName", "RetentionInDays", "Tags"})
    recorded = frozenset({"LogGroupClass"})  # changes the bill and what Insights offers
    replaced_by = frozenset({"LogGroupName"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Make the group."""
        name = properties.get("LogGroupName") or place.name(limit=512)
        key = {"kmsKeyId": properties["KmsKeyId"]} if "KmsKeyId" in properties else {}
        place.client("logs").create_log_group(logGroupName=name, tags=tags(properties), **key)
        return Physical(id=name, attributes={"Arn": place.arn("logs", f"log-group:{name}:*")})

    def complete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Set its retention."""
        self._retain(place.client("logs"), physical.id, properties)

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Change retention, key and tags."""
        logs = place.client("logs")
        changed = self.changed(properties, previous)
        if "RetentionInDays" in changed:
            self._retain(logs, physical.id, properties)
        if "KmsKeyId" in changed and properties.get("KmsKeyId"):
            logs.associate_kms_key(logGroupName=physical.id, kmsKeyId=properties["KmsKeyId"])
        elif "KmsKeyId" in changed:
            logs.disassociate_kms_key(logGroupName=physical.id)
        if "Tags" in changed:
            arn = physical.attributes["Arn"].removesuffix(":*")
            if dropped := sorted(tags(previous).keys() - tags(properties).keys()):
                logs.untag_resource(resourceArn=arn, tagKeys=dropped)
            logs.tag_resource(resourceArn=arn, tags=tags(properties))
        return physical

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Delete the group with its logs."""
        place.client("logs").delete_log_group(logGroupName=physical.id)

    def _retain(self, logs: Any, name: str, properties: Properties) -> None:
        if "RetentionInDays" in properties:
            logs.put_retention_policy(logGroupName=name, retentionInDays=int(properties["RetentionInDays"]))
        else:
            logs.delete_retention_policy(logGroupName=name)


class LogStream(ImmutableType):
    """A stream of a log group, for a service that does not make its own."""

    type = "AWS::Logs::LogStream"
    applied = frozenset({"LogGroupName", "LogStreamName"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Make the stream."""
        name = properties.get("LogStreamName") or place.name(limit=512)
        place.client("logs").create_log_stream(logGroupName=properties["LogGroupName"], logStreamName=name)
        return Physical(id=name)

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Delete the stream with its log."""
        place.client("logs").delete_log_stream(
            logGroupName=properties["LogGroupName"], logStreamName=physical.id
        )


class _Filter(ResourceType):
    """What both kinds of filter share: one call puts a new one or changes an old one of the same name."""

    replaced_by = frozenset({"FilterName", "LogGroupName"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Put the filter."""
        name = properties.get("FilterName") or place.name(limit=512)
        self._put(place, name, properties)
        return Physical(id=name)

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Put it again under the same name."""
        self._put(place, physical.id, properties)
        return physical

    @abstractmethod
    def _put(self, place: Place, name: str, properties: Properties) -> None: ...


class MetricFilter(_Filter):
    """Log lines that become a metric."""

    type = "AWS::Logs::MetricFilter"
    applied = frozenset({"FilterName", "FilterPattern", "LogGroupName", "MetricTransformations"})

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Delete the filter."""
        place.client("logs").delete_metric_filter(
            logGroupName=properties["LogGroupName"], filterName=physical.id
        )

    def _put(self, place: Place, name: str, properties: Properties) -> None:
        place.client("logs").put_metric_filter(
            logGroupName=properties["LogGroupName"],
            filterName=name,
            filterPattern=properties["FilterPattern"],
            metricTransformations=[_transformation(one) for one in properties["MetricTransformations"]],
        )


class SubscriptionFilter(_Filter):
    """Log lines that go on to a stream."""

    type = "AWS::Logs::SubscriptionFilter"
    applied = frozenset(
        {"DestinationArn", "Distribution", "FilterName", "FilterPattern", "LogGroupName", "RoleArn"}
    )

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Delete the filter."""
        place.client("logs").delete_subscription_filter(
            logGroupName=properties["LogGroupName"], filterName=physical.id
        )

    def _put(self, place: Place, name: str, properties: Properties) -> None:
        settings = chosen(
            properties, "DestinationArn", "Distribution", "FilterPattern", "LogGroupName", "RoleArn"
        )
        place.client("logs").put_subscription_filter(filterName=name, **lower_keys(settings))


class ResourcePolicy(ResourceType):
    """Which services may write to log groups."""

    type = "AWS::Logs::ResourcePolicy"
    applied = frozenset({"PolicyDocument", "PolicyName"})
    replaced_by = frozenset({"PolicyName"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Put the policy."""
        self.update(place, Physical(id=properties["PolicyName"]), properties, {})
        return Physical(id=properties["PolicyName"])

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Put it again under the same name."""
        place.client("logs").put_resource_policy(
            policyName=physical.id, policyDocument=properties["PolicyDocument"]
        )
        return physical

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Delete the policy."""
        place.client("logs").delete_resource_policy(policyName=physical.id)


def _transformation(value: Properties) -> dict[str, Any]:
    api: dict[str, Any] = lower_keys({name: item for name, item in value.items() if name != "Dimensions"})
    if "Dimensions" in value:  # names of dimensions keep their capitals
        api["dimensions"] = {one["Key"]: one["Value"] for one in value["Dimensions"]}
    return api
