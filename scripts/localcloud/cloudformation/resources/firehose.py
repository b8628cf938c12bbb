"""Firehose delivery streams to S3."""

# ruff: noqa: ARG002 - every type has the same methods, and not every one needs every argument

from typing import Any

from scripts.localcloud.cloudformation.resource_type import (
    Physical,
    Place,
    Properties,
    ResourceType,
    tags,
)


class DeliveryStream(ResourceType):
    """A stream that collects records and writes them to S3 in objects."""

    type = "AWS::KinesisFirehose::DeliveryStream"
    applied = frozenset(
        {
            "DeliveryStreamEncryptionConfigurationInput",
            "DeliveryStreamName",
            "DeliveryStreamType",
            "ExtendedS3DestinationConfiguration",
            "Tags",
        }
    )
    replaced_by = frozenset({"DeliveryStreamName", "DeliveryStreamType"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Make the stream."""
        name = properties.get("DeliveryStreamName") or place.name()
        settings = {key: value for key, value in properties.items() if key != "Tags"}
        pairs = [{"Key": key, "Value": value} for key, value in tags(properties).items()]
        if pairs:
            settings["Tags"] = pairs
        arn = place.client("firehose").create_delivery_stream(**{**settings, "DeliveryStreamName": name})[
            "DeliveryStreamARN"
        ]
        return Physical(id=name, attributes={"Arn": arn})

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Change its destination and its encryption."""
        firehose = place.client("firehose")
        changed = self.changed(properties, previous)
        if "ExtendedS3DestinationConfiguration" in changed:
            described = firehose.describe_delivery_stream(DeliveryStreamName=physical.id)
            stream: dict[str, Any] = described["DeliveryStreamDescription"]
            firehose.update_destination(
                DeliveryStreamName=physical.id,
                CurrentDeliveryStreamVersionId=stream["VersionId"],
                DestinationId=stream["Destinations"][0]["DestinationId"],
                ExtendedS3DestinationUpdate=properties["ExtendedS3DestinationConfiguration"],
            )
        if "DeliveryStreamEncryptionConfigurationInput" in changed:
            wanted = properties.get("DeliveryStreamEncryptionConfigurationInput")
            if wanted:
                firehose.start_delivery_stream_encryption(
                    DeliveryStreamName=physical.id, DeliveryStreamEncryptionConfigurationInput=wanted
                )
            else:
                firehose.stop_delivery_stream_encryption(DeliveryStreamName=physical.id)
        if "Tags" in changed:
            if dropped := sorted(tags(previous).keys() - tags(properties).keys()):
                firehose.untag_delivery_stream(DeliveryStreamName=physical.id, TagKeys=dropped)
            pairs = [{"Key": key, "Value": value} for key, value in tags(properties).items()]
            if pairs:
                firehose.tag_delivery_stream(DeliveryStreamName=physical.id, Tags=pairs)
        return physical

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Delete the stream."""
        place.client("firehose").delete_delivery_stream(DeliveryStreamName=physical.id)
