"""Delivery streams of the local cloud, and the settings that tests give them."""

from typing import Any

from tests.localcloud.eventing_cloud import EventingCloud

PARTITIONED: dict[str, Any] = {
    "Prefix": "capture/model=!{partitionKeyFromQuery:model}/!{timestamp:yyyy/MM/dd/HH}/",
    "ErrorOutputPrefix": "failed/!{firehose:error-output-type}/!{timestamp:yyyy}/",
    "DynamicPartitioningConfiguration": {"Enabled": True},
    "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 60},
}


def processor(kind: str, **parameters: str) -> dict[str, Any]:
    named = [{"ParameterName": name, "ParameterValue": value} for name, value in parameters.items()]
    return {"Type": kind, "Parameters": named}


EXTRACT_MODEL = processor(
    "MetadataExtraction", MetadataExtractionQuery="{model: .model}", JsonParsingEngine="JQ-1.6"
)
NEWLINE = processor("AppendDelimiterToRecord", Delimiter="\\n")


class Streams:
    """A bucket `lake` and delivery streams to it."""

    def __init__(self, running: EventingCloud) -> None:
        self.running = running
        self.api = running.client("firehose")
        self.role = running.service_role("firehose", "s3:PutObject")
        running.client("s3").create_bucket(Bucket="lake")

    def create(self, *processors: dict[str, Any], name: str = "capture", **settings: Any) -> str:
        destination = {
            "BucketARN": "arn:aws:s3:::lake",
            "RoleARN": self.role,
            "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 60},
            **settings,
        }
        if processors:
            destination["ProcessingConfiguration"] = {"Enabled": True, "Processors": list(processors)}
        return str(
            self.api.create_delivery_stream(
                DeliveryStreamName=name, ExtendedS3DestinationConfiguration=destination
            )["DeliveryStreamARN"]
        )

    def put(self, *records: bytes) -> Any:
        return self.api.put_record_batch(
            DeliveryStreamName="capture", Records=[{"Data": record} for record in records]
        )

    def objects(self) -> dict[str, bytes]:
        return self.running.objects("lake")
