"""The road log → Firehose → S3 goes with the rights of its two roles, as in AWS: a missing grant shows here."""

import base64
import gzip
import json
import random
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from moto.logs.models import logs_backends

from scripts.localcloud import firehose
from scripts.localcloud.cloud import ACCOUNT_ID, REGION
from tests.localcloud.eventing_cloud import EventingCloud, eventing_cloud

pytestmark = pytest.mark.localcloud

PUT = ("firehose:PutRecord", "firehose:PutRecordBatch")
MISSING = f"arn:aws:iam::{ACCOUNT_ID}:role/missing"


class Road:
    """A log group `log` and a delivery stream `stream` to the bucket `lake`; nothing leads from one to the other yet."""

    def __init__(self, running: EventingCloud) -> None:
        self.running = running
        self.logs = running.client("logs")
        self.logs.create_log_group(logGroupName="log")
        self.logs.create_log_stream(logGroupName="log", logStreamName="s")
        running.client("s3").create_bucket(Bucket="lake")

    def deliver_as(self, role: str) -> str:
        """Creates the stream; returns its ARN."""
        destination = {
            "BucketARN": "arn:aws:s3:::lake",
            "RoleARN": role,
            "BufferingHints": {"SizeInMBs": 16, "IntervalInSeconds": 60},
        }
        created = self.running.client("firehose").create_delivery_stream(
            DeliveryStreamName="stream", ExtendedS3DestinationConfiguration=destination
        )
        return str(created["DeliveryStreamARN"])

    def forward_as(self, role: str, stream: str) -> None:
        self.logs.put_subscription_filter(
            logGroupName="log", filterName="all", filterPattern="", destinationArn=stream, roleArn=role
        )

    def put(self, data: bytes) -> None:
        self.running.client("firehose").put_record(DeliveryStreamName="stream", Record={"Data": data})

    def write(self, *messages: str) -> None:
        """Past the API, which takes a megabyte at once and the host of functions does not."""
        now = int(self.running.now * 1000)
        events = [{"timestamp": now, "message": message} for message in messages]
        logs_backends[ACCOUNT_ID][REGION].groups["log"].put_log_events("s", events)

    def delivered(self) -> list[bytes]:
        firehose.flush(self.running.cloud)
        return list(self.running.objects("lake").values())


@pytest.fixture
def road(tmp_path: Path) -> Iterator[Road]:
    with eventing_cloud(tmp_path) as running:
        yield Road(running)


@pytest.mark.parametrize(
    ("service", "action", "works"),
    [
        ("firehose", "s3:PutObject", True),
        ("firehose", "s3:GetObject", False),
        ("lambda", "s3:PutObject", False),
    ],
)
def test_a_stream_delivers_what_its_role_lets_it_deliver(
    road: Road, service: str, action: str, works: bool
) -> None:
    road.deliver_as(road.running.service_role(service, action))
    road.put(b"1")
    assert road.delivered() == ([b"1"] if works else [])


def test_records_wait_for_a_right_that_is_missing(road: Road) -> None:
    road.deliver_as(road.running.service_role("firehose"))
    road.put(b"1")
    assert road.delivered() == []
    right = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::lake/*"}
    road.running.client("iam").put_role_policy(
        RoleName="firehose",
        PolicyName="may",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [right]}),
    )
    assert road.delivered() == [b"1"]


def test_a_subscription_whose_role_may_not_put_records_is_refused(road: Road) -> None:
    stream = road.deliver_as(road.running.service_role("firehose", "s3:PutObject"))
    for role in (
        road.running.service_role("logs", "s3:PutObject", name="other"),
        road.running.service_role("lambda", *PUT, name="untrusting"),
        MISSING,
    ):
        with pytest.raises(ClientError, match="Could not deliver test message"):
            road.forward_as(role, stream)


def test_lines_are_forwarded_while_the_role_allows_it(road: Road) -> None:
    stream = road.deliver_as(road.running.service_role("firehose", "s3:PutObject"))
    road.forward_as(road.running.service_role("logs", *PUT), stream)
    road.write("first")
    road.running.client("iam").delete_role_policy(RoleName="logs", PolicyName="may")
    road.write("second")
    [body] = road.delivered()
    assert [event["message"] for event in json.loads(gzip.decompress(body))["logEvents"]] == ["first"]


def test_more_lines_than_fit_into_a_record_become_several(road: Road) -> None:
    stream = road.deliver_as(road.running.service_role("firehose", "s3:PutObject"))
    road.forward_as(road.running.service_role("logs", *PUT), stream)
    lines = [base64.b64encode(random.Random(n).randbytes(150_000)).decode() for n in range(12)]
    road.write(*lines)
    [body] = road.delivered()
    envelopes = [json.loads(text) for text in _unpacked(body)]
    assert len(envelopes) >= 3
    assert [event["message"] for envelope in envelopes for event in envelope["logEvents"]] == lines


def _unpacked(members: bytes) -> Iterator[bytes]:
    """Each of the gzipped documents that follow each other."""
    while members:
        unpacking = zlib.decompressobj(wbits=31)
        yield unpacking.decompress(members)
        members = unpacking.unused_data
