import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.localcloud import firehose
from tests.localcloud.eventing_cloud import eventing_cloud, function_arn
from tests.localcloud.firehose_streams import EXTRACT_MODEL, NEWLINE, PARTITIONED, Streams, processor

pytestmark = pytest.mark.localcloud


@pytest.fixture
def streams(tmp_path: Path) -> Iterator[Streams]:
    with eventing_cloud(tmp_path) as running:
        yield Streams(running)


def test_records_wait_for_the_interval_and_then_become_one_object(streams: Streams) -> None:
    streams.create()
    streams.put(b"a", b"b")
    streams.running.advance(59)
    streams.put(b"c")
    streams.running.deliver()
    assert streams.objects() == {}
    moment = streams.running.cloud.clock.now()
    streams.running.advance(1)
    streams.running.deliver()
    [(key, body)] = streams.objects().items()
    assert body == b"abc"
    assert key.startswith(moment.strftime("%Y/%m/%d/%H/capture-1-%Y-%m-%d-"))


def test_a_full_buffer_does_not_wait(streams: Streams) -> None:
    streams.create()
    streams.put(b"x" * 600_000)
    streams.put(b"y" * 600_000)
    streams.put(b"z")
    streams.running.deliver()
    assert [len(body) for body in streams.objects().values()] == [1_200_001]
    streams.running.advance(30)
    streams.put(b"later")
    streams.running.advance(30)  # what the first record would have waited for
    streams.running.deliver()
    assert len(streams.objects()) == 1
    streams.running.advance(30)
    streams.running.deliver()
    assert min(streams.objects().values(), key=len) == b"later"


def test_flush_delivers_now(streams: Streams) -> None:
    streams.create(CompressionFormat="GZIP", Prefix="in/")
    streams.put(b"a")
    firehose.flush(streams.running.cloud)
    firehose.flush(streams.running.cloud)
    [(key, body)] = streams.objects().items()
    assert (gzip.decompress(body), key[:3], key[-3:]) == (b"a", "in/", ".gz")


def test_log_lines_come_out_of_their_envelope_one_per_line(streams: Streams) -> None:
    running = streams.running
    arn = streams.create(
        processor("Decompression", CompressionFormat="GZIP"),
        processor("CloudWatchLogProcessing", DataMessageExtraction="true"),
        EXTRACT_MODEL,
        NEWLINE,
        CompressionFormat="GZIP",
        **PARTITIONED,
    )
    logs = running.client("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    logs.put_subscription_filter(
        logGroupName="g",
        filterName="capture",
        filterPattern='{ $.kind = "capture" }',
        destinationArn=arn,
        roleArn=running.service_role("logs", "firehose:PutRecord", "firehose:PutRecordBatch"),
    )
    lines = [
        {"kind": "capture", "model": model, "n": n} for n, model in enumerate(["churn", "fraud", "churn"])
    ]
    now = int(running.now * 1000)
    logs.put_log_events(
        logGroupName="g",
        logStreamName="s",
        logEvents=[{"timestamp": now, "message": text} for text in ["noise", *map(json.dumps, lines)]],
    )
    hour = running.cloud.clock.now().strftime("%Y/%m/%d/%H")
    running.advance(60)
    running.deliver()
    found = {
        key.rpartition("/")[0]: [json.loads(line)["n"] for line in gzip.decompress(body).splitlines()]
        for key, body in streams.objects().items()
    }
    assert found == {f"capture/model=churn/{hour}": [0, 2], f"capture/model=fraud/{hour}": [1]}


def test_records_that_cannot_be_processed_go_under_the_error_prefix(streams: Streams) -> None:
    streams.create(EXTRACT_MODEL, **PARTITIONED)
    streams.put(b'{"model": "churn"}', b"not json", b'{"model": null}', b'{"other": 1}')
    firehose.flush(streams.running.cloud)
    year = streams.running.cloud.clock.now().year
    failed = [body for key, body in streams.objects().items() if key.startswith("failed/")]
    [key] = [key for key in streams.objects() if key.startswith("failed/")]
    errors = [json.loads(line) for line in failed[0].splitlines()]
    assert key.startswith(f"failed/metadata-extraction-failed/{year}/capture-1-")
    assert [base64.b64decode(error["rawData"]) for error in errors] == [
        b"not json",
        b'{"model": null}',
        b'{"other": 1}',
    ]
    assert {error["errorCode"] for error in errors} == {"DynamicPartitioning.MetadataExtractionFailed"}
    assert len(streams.objects()) == 2


def test_what_is_not_gzip_or_no_envelope_is_a_failure_and_control_messages_are_dropped(
    streams: Streams,
) -> None:
    streams.create(
        processor("Decompression", CompressionFormat="GZIP"),
        processor("CloudWatchLogProcessing", DataMessageExtraction="true"),
    )
    control = {"messageType": "CONTROL_MESSAGE", "logEvents": [{"message": "checking"}]}
    streams.put(b"plain", gzip.compress(b"[]"), gzip.compress(json.dumps(control).encode()))
    firehose.flush(streams.running.cloud)
    [(key, body)] = streams.objects().items()
    assert key.startswith("processing-failed/")
    assert [json.loads(line)["errorCode"] for line in body.splitlines()] == [
        "Decompression.Failed",
        "CloudWatchLogProcessing.Failed",
    ]


def test_records_of_several_documents_are_taken_apart(streams: Streams) -> None:
    streams.create(
        processor("RecordDeAggregation", SubRecordType="JSON"), EXTRACT_MODEL, NEWLINE, **PARTITIONED
    )
    streams.put(b'{"model":"a"}{"model":"b"}\n{"model":"a"}', b'{"model":"c"')
    firehose.flush(streams.running.cloud)
    counts = {key.split("/")[1]: body.count(b"\n") for key, body in streams.objects().items()}
    assert counts == {"model=a": 2, "model=b": 1, "processing-failed": 1}


def test_a_function_transforms_drops_or_fails_records(streams: Streams) -> None:
    def answer(event: Any) -> Any:
        results = ["Ok", "Dropped", "ProcessingFailed"]
        return {
            "records": [
                {"recordId": record["recordId"], "result": result, "data": base64.b64encode(b"new").decode()}
                for record, result in zip(event["records"], results, strict=True)
            ]
        }

    streams.running.functions.answers = [answer]
    arn = streams.create(processor("Lambda", LambdaArn=function_arn("transform")))
    streams.put(b"1", b"2", b"3")
    firehose.flush(streams.running.cloud)
    [event] = streams.running.functions.events
    assert event["deliveryStreamArn"] == arn
    assert base64.b64decode(event["records"][0]["data"]) == b"1"
    bodies = sorted(streams.objects().items())
    assert bodies[0][1] == b"new"
    assert json.loads(bodies[1][1])["errorCode"] == "Lambda.ProcessingFailedStatus"


def test_a_function_that_answers_nonsense_fails_its_records(streams: Streams) -> None:
    streams.create(processor("Lambda", LambdaArn=function_arn("transform")))
    streams.put(b"1")
    firehose.flush(streams.running.cloud)
    [(key, body)] = streams.objects().items()
    assert key.startswith("processing-failed/")
    assert base64.b64decode(json.loads(body)["rawData"]) == b"1"


def test_records_can_be_refused_as_by_a_throttled_stream(streams: Streams) -> None:
    streams.create()
    streams.running.cloud.routes["POST", "firehose-faults"]({"stream": "capture", "fail_records": 2})
    answer = streams.put(b"1", b"2", b"3")
    assert answer["FailedPutCount"] == 2
    assert [one.get("ErrorCode") for one in answer["RequestResponses"]] == [
        "ServiceUnavailableException",
        "ServiceUnavailableException",
        None,
    ]
    firehose.flush(streams.running.cloud)
    assert list(streams.objects().values()) == [b"3"]


def test_a_refused_single_record_is_an_error_that_the_sdk_repeats(streams: Streams) -> None:
    streams.create()
    firehose.fail_next_records(streams.running.cloud, "capture", 1)
    answer = streams.api.put_record(DeliveryStreamName="capture", Record={"Data": b"1"})
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1
    firehose.flush(streams.running.cloud)
    assert list(streams.objects().values()) == [b"1"]


def test_records_wait_for_a_bucket_that_is_not_there(streams: Streams) -> None:
    streams.create(BucketARN="arn:aws:s3:::missing")
    streams.put(b"1")
    streams.running.advance(60)
    streams.running.deliver()
    streams.running.client("s3").create_bucket(Bucket="missing")
    streams.running.advance(60)
    streams.running.deliver()
    assert list(streams.running.objects("missing").values()) == [b"1"]


def test_a_deleted_stream_forgets_what_it_held(streams: Streams) -> None:
    streams.create()
    streams.put(b"1")
    streams.api.delete_delivery_stream(DeliveryStreamName="capture")
    streams.running.advance(60)
    streams.running.deliver()
    assert streams.objects() == {}


def test_records_beyond_the_limits_are_refused(streams: Streams) -> None:
    streams.create()
    with pytest.raises(ClientError, match="InvalidArgument"):
        streams.put(b"x" * 1_024_001)
    with pytest.raises(ClientError, match=r"not found"):
        streams.api.put_record(DeliveryStreamName="nothing", Record={"Data": b"1"})
