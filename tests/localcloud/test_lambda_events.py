"""Asynchronous events: retried in virtual time, then handed to a destination, at least once."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localcloud.lambda_cloud import LambdaCloud, Statement, eventually

pytestmark = pytest.mark.localcloud

FAILS = "def handler(event, context): print('attempt', context.aws_request_id); raise ValueError('no')"
WORKS = "def handler(event, context): print('attempt', context.aws_request_id); return 'fine'"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[LambdaCloud]:
    with LambdaCloud.running(tmp_path) as running:
        yield running


def send(world: LambdaCloud, name: str, event: Any) -> None:
    answer = world.client("lambda").invoke(
        FunctionName=name, InvocationType="Event", Payload=json.dumps(event)
    )
    assert answer["StatusCode"] == 202
    assert "FunctionError" not in answer


def attempts(world: LambdaCloud, name: str) -> list[str]:
    try:
        return [line for line in world.messages(f"/aws/lambda/{name}") if line.startswith("attempt")]
    except ClientError:  # nothing was logged yet
        return []


def wait_for_attempts(world: LambdaCloud, name: str, count: int) -> None:
    eventually(lambda: len(attempts(world, name)) == count)
    eventually(lambda: not world.host._pool.running(name))


def queue(world: LambdaCloud) -> tuple[str, str, Statement]:
    url = world.client("sqs").create_queue(QueueName="dropped")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:123456789012:dropped"
    return url, arn, {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn}


def received(world: LambdaCloud, url: str) -> dict[str, Any]:
    found: dict[str, Any] = eventually(
        lambda: (
            world.client("sqs")
            .receive_message(QueueUrl=url, MessageAttributeNames=["All"])
            .get("Messages", [None])[0]
        )
    )
    return found


def test_a_failed_event_is_tried_again_after_one_and_after_two_minutes(world: LambdaCloud) -> None:
    world.function("fails", FAILS)
    send(world, "fails", {})
    wait_for_attempts(world, "fails", 1)
    eventually(lambda: world.host._async._waiting)
    world.cloud.clock.advance(59)
    assert len(attempts(world, "fails")) == 1
    world.cloud.clock.advance(1)
    wait_for_attempts(world, "fails", 2)
    eventually(lambda: world.host._async._waiting)
    world.cloud.clock.advance(120)
    wait_for_attempts(world, "fails", 3)
    assert len(set(attempts(world, "fails"))) == 1  # all with the request id of the event


def test_an_event_that_failed_for_good_goes_to_its_destination(world: LambdaCloud) -> None:
    url, arn, may_send = queue(world)
    world.function("fails", FAILS, may_send)
    world.client("lambda").put_function_event_invoke_config(
        FunctionName="fails", MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": arn}}
    )
    send(world, "fails", {"order": 1})
    record = json.loads(received(world, url)["Body"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert record["requestPayload"] == {"order": 1}
    assert record["responseContext"]["functionError"] == "Unhandled"
    assert record["responsePayload"]["errorType"] == "ValueError"


def test_the_configuration_of_an_alias_holds_for_events_to_the_alias(world: LambdaCloud) -> None:
    url, arn, may_send = queue(world)
    client = world.client("lambda")
    world.function("works", WORKS, may_send)
    client.publish_version(FunctionName="works")
    client.create_alias(FunctionName="works", Name="live", FunctionVersion="1")
    client.put_function_event_invoke_config(
        FunctionName="works", Qualifier="live", DestinationConfig={"OnSuccess": {"Destination": arn}}
    )
    send(world, "works", 1)
    wait_for_attempts(world, "works", 1)
    send(world, "works:live", 2)
    record = json.loads(received(world, url)["Body"])
    assert (record["requestContext"]["condition"], record["requestPayload"]) == ("Success", 2)
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "1"}


def test_the_dead_letter_queue_receives_the_event_itself(world: LambdaCloud) -> None:
    url, arn, may_send = queue(world)
    world.function("fails", FAILS, may_send, DeadLetterConfig={"TargetArn": arn})
    world.client("lambda").put_function_event_invoke_config(FunctionName="fails", MaximumRetryAttempts=0)
    send(world, "fails", {"order": 2})
    message = received(world, url)
    assert json.loads(message["Body"]) == {"order": 2}
    assert message["MessageAttributes"]["ErrorMessage"]["StringValue"] == "no"


def test_a_destination_gets_nothing_from_a_role_that_may_not_send(world: LambdaCloud) -> None:
    url, arn, _ = queue(world)
    world.function("fails", FAILS)
    world.client("lambda").put_function_event_invoke_config(
        FunctionName="fails", MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": arn}}
    )
    send(world, "fails", {})
    denied = {"action": "sqs:SendMessage", "allowed": False}
    eventually(lambda: any(denied.items() <= line.items() for line in world.host.iam.usage.report()))
    assert "Messages" not in world.client("sqs").receive_message(QueueUrl=url)


def test_a_throttled_event_waits_until_there_is_room(world: LambdaCloud) -> None:
    client = world.client("lambda")
    world.function("works", WORKS)
    client.put_function_concurrency(FunctionName="works", ReservedConcurrentExecutions=0)
    send(world, "works", {})
    eventually(lambda: world.host._async._waiting)
    client.delete_function_concurrency(FunctionName="works")
    world.cloud.clock.advance(1)
    wait_for_attempts(world, "works", 1)


def test_every_event_can_be_made_to_arrive_twice(world: LambdaCloud) -> None:
    world.function("works", WORKS)
    world.cloud.routes["POST", "lambda/events"]({"deliver_twice": True})
    send(world, "works", {})
    wait_for_attempts(world, "works", 2)


def test_a_service_inside_moto_does_not_wait_for_the_function_it_calls(world: LambdaCloud) -> None:
    arn = world.function(
        "listens", "def handler(event, context): print(event['Records'][0]['Sns']['Message'])"
    )
    sns = world.client("sns")
    topic = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    sns.publish(TopicArn=topic, Message="extra extra")
    eventually(lambda: "extra extra" in world.messages("/aws/lambda/listens") if _logged(world) else False)


def _logged(world: LambdaCloud) -> bool:
    groups = world.client("logs").describe_log_groups()["logGroups"]
    return any(group["logGroupName"] == "/aws/lambda/listens" for group in groups)
