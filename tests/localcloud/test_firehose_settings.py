"""Settings of a delivery stream: what is refused, and what an accepted one does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.localcloud import firehose
from scripts.localcloud.delivery_streams import metadata_queries
from tests.localcloud.eventing_cloud import eventing_cloud
from tests.localcloud.firehose_streams import EXTRACT_MODEL, PARTITIONED, Streams, processor

pytestmark = pytest.mark.localcloud


@pytest.fixture
def streams(tmp_path: Path) -> Iterator[Streams]:
    with eventing_cloud(tmp_path) as running:
        yield Streams(running)


@pytest.mark.parametrize(
    ("processors", "settings", "problem"),
    [
        ((), {"CompressionFormat": "Snappy"}, "Snappy"),
        ((), {"Prefix": "!{timestamp:yyyy}/"}, "ErrorOutputPrefix"),
        ((), {"Prefix": "!{timestamp:QQQ}/", "ErrorOutputPrefix": "e/"}, "date format"),
        ((), {"Prefix": "!{weather:sunny}/", "ErrorOutputPrefix": "e/"}, "cannot be evaluated"),
        ((), {"Prefix": "!{partitionKeyFromQuery:model}/", "ErrorOutputPrefix": "e/"}, "cannot be evaluated"),
        (
            (EXTRACT_MODEL,),
            PARTITIONED | {"BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 60}},
            "at least 64",
        ),
        ((EXTRACT_MODEL,), PARTITIONED | {"ErrorOutputPrefix": ""}, "ErrorOutputPrefix"),
        ((EXTRACT_MODEL,), {}, "Dynamic Partitioning"),
        ((processor("CloudWatchLogProcessing", DataMessageExtraction="true"),), {}, "needs Decompression"),
        ((processor("Lambda"),), {}, "LambdaArn"),
        (
            (processor("MetadataExtraction", MetadataExtractionQuery=".a|keys", JsonParsingEngine="JQ-1.6"),),
            {},
            "emulated",
        ),
        ((), {"ErrorOutputPrefix": "e/!{timestamp:yyyy}/"}, "error-output-type"),
        ((), {"CustomTimeZone": "Mars/Olympus"}, "Mars"),
        ((), {"DataFormatConversionConfiguration": {"Enabled": True}}, "conversion"),
        ((), {"S3BackupMode": "Enabled"}, "S3BackupMode"),
    ],
)
def test_a_stream_that_could_not_work_is_refused(
    streams: Streams, processors: tuple[dict[str, Any], ...], settings: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ClientError, match=problem):
        streams.create(*processors, **settings)
    assert streams.api.list_delivery_streams()["DeliveryStreamNames"] == []


def test_an_update_takes_effect_or_changes_nothing(streams: Streams) -> None:
    streams.create()
    described = streams.api.describe_delivery_stream(DeliveryStreamName="capture")[
        "DeliveryStreamDescription"
    ]
    ids = {
        "CurrentDeliveryStreamVersionId": "1",
        "DestinationId": described["Destinations"][0]["DestinationId"],
    }
    with pytest.raises(ClientError, match="Snappy"):
        streams.api.update_destination(
            DeliveryStreamName="capture", **ids, ExtendedS3DestinationUpdate={"CompressionFormat": "Snappy"}
        )
    streams.api.update_destination(
        DeliveryStreamName="capture", **ids, ExtendedS3DestinationUpdate={"Prefix": "new/"}
    )
    streams.put(b"1")
    firehose.flush(streams.running.cloud)
    [key] = streams.objects()
    assert key.startswith("new/")
    assert "capture-2-" in key


def test_the_time_in_a_prefix_is_that_of_the_streams_zone(streams: Streams) -> None:
    streams.create(
        Prefix="!{timestamp:yyyy-MM-dd'T'HH}/!{firehose:random-string}/",
        ErrorOutputPrefix="e/!{firehose:error-output-type}/",
        CustomTimeZone="Asia/Tokyo",
        FileExtension=".jsonl",
    )
    streams.put(b"1")
    firehose.flush(streams.running.cloud)
    [key] = streams.objects()
    tokyo = (streams.running.cloud.clock.now().hour + 9) % 24
    assert key.split("/")[0].endswith(f"T{tokyo:02d}")
    assert len(key.split("/")[1]) == 11
    assert key.endswith(".jsonl")


@pytest.mark.parametrize(
    ("query", "paths"),
    [
        ("{model: .model}", {"model": ("model",)}),
        ('{"a":.b.c,d:.["e f"],g:.h[0]}', {"a": ("b", "c"), "d": ("e f",), "g": ("h", 0)}),
        ('{customer_id: ."customer id"}', {"customer_id": ("customer id",)}),
    ],
)
def test_simple_queries_are_read(query: str, paths: dict[str, Any]) -> None:
    assert metadata_queries.parse(query) == paths
