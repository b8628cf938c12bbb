"""Streams of DynamoDB that a function reads: in order, in batches, until each change is taken, given up or too old."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.localcloud import change_streams, dynamodb
from scripts.localcloud.clock import VirtualClock
from scripts.localcloud.eventing import work_queue
from tests.localcloud.lambda_cloud import LambdaCloud, Statement, eventually

pytestmark = pytest.mark.localcloud

READS: Statement = {
    "Effect": "Allow",
    "Action": [
        "dynamodb:DescribeStream",
        "dynamodb:GetShardIterator",
        "dynamodb:GetRecords",
        "dynamodb:ListStreams",
    ],
    "Resource": "*",
}
TELLS = """
def handler(event, context):
    keys = [one["dynamodb"]["Keys"]["sk"]["S"] for one in event["Records"]]
    print("took", " ".join(keys))
"""
CHOKES = """
def handler(event, context):
    keys = [one["dynamodb"]["Keys"]["sk"]["S"] for one in event["Records"]]
    if "poison" in keys:
        raise ValueError("no")
    print("took", " ".join(keys))
"""
NAMES_POISON = """
def handler(event, context):
    failed = [one for one in event["Records"] if one["dynamodb"]["Keys"]["sk"]["S"] == "poison"]
    before = [one for one in event["Records"]][: event["Records"].index(failed[0]) if failed else None]
    print("took", " ".join(one["dynamodb"]["Keys"]["sk"]["S"] for one in before))
    return {"batchItemFailures": [{"itemIdentifier": one["dynamodb"]["SequenceNumber"]} for one in failed]}
"""


class Stream:
    """A table with a stream."""

    def __init__(self, world: LambdaCloud) -> None:
        dynamodb.install(world.cloud)
        change_streams.install(world.cloud)
        self.world = world
        self.table = world.client("dynamodb")
        made = self.table.create_table(
            TableName="t",
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        self.arn = made["TableDescription"]["LatestStreamArn"]

    def read_by(self, code: str, *rights: Statement, **settings: Any) -> str:
        self.world.function("f", code, *(rights or (READS,)))
        answer = self.world.client("lambda").create_event_source_mapping(
            FunctionName="f", EventSourceArn=self.arn, StartingPosition="TRIM_HORIZON", **settings
        )
        return str(answer["UUID"])

    def put(self, *keys: str, value: str = "x") -> None:
        for key in keys:
            self.table.put_item(TableName="t", Item=item(key, value))

    def taken(self) -> list[str]:
        """The keys that the function took, in order."""
        try:
            lines = self.world.messages("/aws/lambda/f")
        except ClientError:  # nothing was logged yet
            return []
        return [key for line in lines if line.startswith("took") for key in line.split()[1:]]


def item(key: str, value: str = "x") -> dict[str, Any]:
    return {"pk": {"S": "p"}, "sk": {"S": key}, "value": {"S": value}}


@pytest.fixture
def stream(tmp_path: Path) -> Iterator[Stream]:
    with LambdaCloud.running(tmp_path) as running:
        yield Stream(running)


def test_changes_come_in_order_and_only_those_that_the_filter_wants(stream: Stream) -> None:
    pattern = {"dynamodb": {"Keys": {"sk": {"S": [{"prefix": "EVENT#"}]}}}, "eventName": ["INSERT"]}
    stream.read_by(TELLS, FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)}]})
    stream.put("EVENT#1", "OTHER#1", "EVENT#2")
    stream.put("EVENT#1", value="y")
    stream.put("EVENT#3")
    eventually(lambda: stream.taken() == ["EVENT#1", "EVENT#2", "EVENT#3"])


def test_what_did_not_change_and_what_was_cancelled_is_no_change(stream: Stream) -> None:
    stream.read_by(TELLS)
    stream.put("a")
    stream.put("a")
    exists = {"ConditionExpression": "attribute_not_exists(pk)"}
    with pytest.raises(ClientError, match="TransactionCanceled"):
        stream.table.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": "t", "Item": item("b")}},
                {"Put": {"TableName": "t", "Item": item("a"), **exists}},
            ]
        )
    stream.table.transact_write_items(
        TransactItems=[{"Put": {"TableName": "t", "Item": item(key)}} for key in ("c", "d")]
    )
    eventually(lambda: stream.taken() == ["a", "c", "d"])


def test_one_change_that_breaks_the_function_goes_to_the_queue_and_the_others_are_taken(
    stream: Stream,
) -> None:
    sqs = stream.world.client("sqs")
    url = sqs.create_queue(QueueName="dropped")["QueueUrl"]
    queue = "arn:aws:sqs:us-east-1:123456789012:dropped"
    sends: Statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queue}
    stream.read_by(
        CHOKES,
        READS,
        sends,
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": queue}},
    )
    stream.table.transact_write_items(
        TransactItems=[{"Put": {"TableName": "t", "Item": item(key)}} for key in ("a", "b", "poison", "d")]
    )
    eventually(lambda: sorted(stream.taken()) == ["a", "b", "d"])
    [message] = eventually(lambda: sqs.receive_message(QueueUrl=url).get("Messages"))
    told = json.loads(message["Body"])
    assert told["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert told["DDBStreamBatchInfo"]["batchSize"] == 1


def test_a_function_that_names_what_it_failed_on_gets_that_and_what_follows_again(stream: Stream) -> None:
    stream.read_by(NAMES_POISON, FunctionResponseTypes=["ReportBatchItemFailures"], MaximumRetryAttempts=0)
    stream.table.transact_write_items(
        TransactItems=[{"Put": {"TableName": "t", "Item": item(key)}} for key in ("a", "poison", "c")]
    )
    eventually(lambda: stream.taken() == ["a"])
    stream.put("d")
    eventually(lambda: stream.taken() == ["a", "d"])


def test_a_change_that_fails_for_too_long_is_given_up_however_many_tries_are_left(tmp_path: Path) -> None:
    with LambdaCloud.running(tmp_path, clock=VirtualClock(speed=0)) as world:
        stream = Stream(world)
        stream.read_by(CHOKES, MaximumRecordAgeInSeconds=60, BisectBatchOnFunctionError=True)
        stream.put("poison")
        eventually(lambda: not world.host.event_sources.busy())  # it waits for its second try
        stream.put("a")
        world.cloud.clock.advance(120)
        work_queue.of(world.cloud).run_due()
        eventually(lambda: stream.taken() == ["a"])


def test_a_role_that_may_not_read_the_stream_is_refused(stream: Stream) -> None:
    with pytest.raises(ClientError, match=r"Cannot access stream.*lacks dynamodb:GetRecords"):
        stream.read_by(TELLS, {**READS, "Action": ["dynamodb:DescribeStream", "dynamodb:GetShardIterator"]})


def test_a_mapping_that_was_deleted_reads_no_more(stream: Stream) -> None:
    mapping = stream.read_by(TELLS)
    client = stream.world.client("lambda")
    assert [each["UUID"] for each in client.list_event_source_mappings()["EventSourceMappings"]] == [mapping]
    stream.put("a")
    eventually(lambda: stream.taken() == ["a"])
    client.delete_event_source_mapping(UUID=mapping)
    assert client.list_event_source_mappings()["EventSourceMappings"] == []
    stream.put("b")
    assert stream.world.host.event_sources.busy() == 0
