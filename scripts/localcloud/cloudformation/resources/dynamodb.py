"""DynamoDB tables, with the protections that moto's own CloudFormation drops (point-in-time recovery, TTL)."""

# ruff: noqa: ARG002 - every type has the same methods, and not every one needs every argument

from typing import Any

from scripts.localcloud.cloudformation.resource_type import (
    Physical,
    Place,
    Properties,
    ResourceType,
    chosen,
    tags,
)


class Table(ResourceType):
    """A table; its key cannot change, everything else can."""

    type = "AWS::DynamoDB::Table"
    applied = frozenset(
        {
            "AttributeDefinitions",
            "BillingMode",
            "DeletionProtectionEnabled",
            "GlobalSecondaryIndexes",
            "KeySchema",
            "LocalSecondaryIndexes",
            "PointInTimeRecoverySpecification",
            "ProvisionedThroughput",
            "SSESpecification",
            "StreamSpecification",
            "TableName",
            "Tags",
            "TimeToLiveSpecification",
        }
    )
    # A class of storage and a cap on throughput change the bill, and there is no bill here.
    recorded = frozenset({"TableClass", "OnDemandThroughput", "ContributorInsightsSpecification"})
    replaced_by = frozenset({"TableName", "KeySchema", "LocalSecondaryIndexes"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Make the table."""
        dynamodb = place.client("dynamodb")
        name = properties.get("TableName") or place.name(limit=255)
        request = chosen(
            properties,
            "AttributeDefinitions",
            "DeletionProtectionEnabled",
            "GlobalSecondaryIndexes",
            "KeySchema",
            "LocalSecondaryIndexes",
            "ProvisionedThroughput",
        )
        request["BillingMode"] = properties.get("BillingMode", "PROVISIONED")
        if "SSESpecification" in properties:
            request["SSESpecification"] = _encryption(properties["SSESpecification"])
        if "StreamSpecification" in properties:
            request["StreamSpecification"] = _stream(properties["StreamSpecification"])
        request["Tags"] = [{"Key": key, "Value": value} for key, value in tags(properties).items()]
        return _physical(dynamodb.create_table(TableName=name, **request)["TableDescription"])

    def complete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Turn on recovery and expiry."""
        self._protect(place, physical.id, properties, {})

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Change what changed; DynamoDB takes one index per request."""
        dynamodb = place.client("dynamodb")
        changed = self.changed(properties, previous)
        request = chosen(properties, *(changed & {"DeletionProtectionEnabled", "BillingMode"}))
        if changed & {"BillingMode", "ProvisionedThroughput"} and "ProvisionedThroughput" in properties:
            request["ProvisionedThroughput"] = properties["ProvisionedThroughput"]
        if "DeletionProtectionEnabled" in changed:
            request["DeletionProtectionEnabled"] = properties.get("DeletionProtectionEnabled", False)
        if "SSESpecification" in changed:
            request["SSESpecification"] = _encryption(
                properties.get("SSESpecification", {"SSEEnabled": False})
            )
        if "StreamSpecification" in changed:
            stream = properties.get("StreamSpecification")
            request["StreamSpecification"] = _stream(stream) if stream else {"StreamEnabled": False}
        if request:
            dynamodb.update_table(TableName=physical.id, **request)
        for change in _index_changes(properties, previous):
            dynamodb.update_table(
                TableName=physical.id,
                AttributeDefinitions=properties["AttributeDefinitions"],
                GlobalSecondaryIndexUpdates=[change],
            )
        self._protect(place, physical.id, properties, previous)
        return _physical(dynamodb.describe_table(TableName=physical.id)["Table"])

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Delete it; refused while deletion protection is on."""
        place.client("dynamodb").delete_table(TableName=physical.id)

    def _protect(self, place: Place, name: str, properties: Properties, previous: Properties) -> None:
        dynamodb = place.client("dynamodb")
        changed = self.changed(properties, previous)
        if "PointInTimeRecoverySpecification" in changed:
            wanted = properties.get("PointInTimeRecoverySpecification", {"PointInTimeRecoveryEnabled": False})
            dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=wanted)
        if "TimeToLiveSpecification" in changed:
            wanted = properties.get("TimeToLiveSpecification") or {
                **previous["TimeToLiveSpecification"],
                "Enabled": False,
            }
            dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=wanted)
        if previous and "Tags" in changed:
            arn = dynamodb.describe_table(TableName=name)["Table"]["TableArn"]
            if dropped := [key for key in tags(previous) if key not in tags(properties)]:
                dynamodb.untag_resource(ResourceArn=arn, TagKeys=dropped)
            pairs = [{"Key": key, "Value": value} for key, value in tags(properties).items()]
            dynamodb.tag_resource(ResourceArn=arn, Tags=pairs)


def _physical(description: Properties) -> Physical:
    attributes = {"Arn": description["TableArn"]}
    if "LatestStreamArn" in description:
        attributes["StreamArn"] = description["LatestStreamArn"]
    return Physical(id=description["TableName"], attributes=attributes)


def _encryption(specification: Properties) -> dict[str, Any]:
    return {"Enabled": specification["SSEEnabled"], **chosen(specification, "SSEType", "KMSMasterKeyId")}


def _stream(specification: Properties) -> dict[str, Any]:
    return {"StreamEnabled": True, "StreamViewType": specification["StreamViewType"]}


def _index_changes(properties: Properties, previous: Properties) -> list[dict[str, Any]]:
    wanted = {index["IndexName"]: index for index in properties.get("GlobalSecondaryIndexes", [])}
    present = {index["IndexName"]: index for index in previous.get("GlobalSecondaryIndexes", [])}
    changes: list[dict[str, Any]] = []
    for name, index in present.items():
        if wanted.get(name) != index:
            changes.append({"Delete": {"IndexName": name}})
    for name, index in wanted.items():
        if present.get(name) != index:
            changes.append({"Create": index})
    return changes
