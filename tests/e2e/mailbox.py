"""What the platform tells: messages to people, and events to programs, each in a queue."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3

from lambdaloop.domain.stage import ONLY

_PATIENCE_SECONDS = 120


class Mailbox:
    """Two queues, and what was found in them so far."""

    def __init__(self) -> None:
        self._sqs: Any = boto3.client("sqs")
        self._queues = {
            name: self._sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("people", "programs")
        }
        self._found: dict[str, list[dict[str, Any]]] = {"people": [], "programs": []}

    def arn(self, name: str) -> str:
        asked = {"QueueUrl": self._queues[name], "AttributeNames": ["QueueArn"]}
        return str(self._sqs.get_queue_attributes(**asked)["Attributes"]["QueueArn"])

    def message(self, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """A message to people; waits for it."""
        return self._wait("people", fits)

    def event(self, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """An event; waits for it."""
        return self._wait("programs", fits)

    @property
    def events(self) -> list[dict[str, Any]]:
        """All events that came."""
        self._read("programs")
        return self._found["programs"]

    @property
    def messages(self) -> list[dict[str, Any]]:
        """All messages to people that came."""
        self._read("people")
        return self._found["people"]

    def _wait(self, name: str, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not (found := [each for each in self._found[name] if fits(each)]):
            assert time.monotonic() < deadline, f"{name} did not hear of it: {self._found[name]}"
            self._read(name)
        return found[0]

    def _read(self, name: str) -> None:
        url = self._queues[name]
        answer = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for message in answer.get("Messages", []):
            self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            self._found[name].append(json.loads(message["Body"]))


@contextmanager
def open_mailbox() -> Iterator[Mailbox]:
    """Subscribed to the topic for people and to everything on the bus, until it is closed."""
    stacks: Any = boto3.client("cloudformation")
    [stack] = stacks.describe_stacks(StackName=ONLY.platform_stack)["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    mailbox, sns, events = Mailbox(), boto3.client("sns"), boto3.client("events")
    subscribed = sns.subscribe(
        TopicArn=outputs["AlertTopic"],
        Protocol="sqs",
        Endpoint=mailbox.arn("people"),
        ReturnSubscriptionArn=True,
    )
    rule = {"EventBusName": outputs["EventBus"]}
    pattern = json.dumps({"source": ["lambdaloop"]})
    events.put_rule(Name="everything", EventPattern=pattern, **rule)
    events.put_targets(Rule="everything", Targets=[{"Id": "queue", "Arn": mailbox.arn("programs")}], **rule)
    try:
        yield mailbox
    finally:
        events.remove_targets(Rule="everything", Ids=["queue"], **rule)
        events.delete_rule(Name="everything", **rule)
        sns.unsubscribe(SubscriptionArn=subscribed["SubscriptionArn"])
