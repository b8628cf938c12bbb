"""SQS queues; in this project they hold what could not be delivered."""

# ruff: noqa: ARG002 - every type has the same methods, and not every one needs every argument

import json
from typing import Any

from scripts.localcloud.cloudformation.resource_type import Physical, Place, Properties, ResourceType, tags

_ATTRIBUTES = {
    "ContentBasedDeduplication",
    "DelaySeconds",
    "FifoQueue",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
}


class Queue(ResourceType):
    """A queue."""

    type = "AWS::SQS::Queue"
    applied = frozenset(_ATTRIBUTES | {"QueueName", "Tags"})
    replaced_by = frozenset({"FifoQueue", "QueueName"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Make the queue."""
        sqs = place.client("sqs")
        name = properties.get("QueueName") or place.name(limit=80)
        attributes = {name: _text(properties[name]) for name in _ATTRIBUTES & properties.keys()}
        url = sqs.create_queue(QueueName=name, Attributes=attributes, tags=tags(properties))["QueueUrl"]
        return Physical(
            id=url, attributes={"Arn": place.arn("sqs", name), "QueueName": name, "QueueUrl": url}
        )

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Set the attributes that changed; removed ones fall back to SQS's defaults."""
        sqs = place.client("sqs")
        changed = self.changed(properties, previous)
        defaults = {
            "DelaySeconds": "0",
            "KmsDataKeyReusePeriodSeconds": "300",
            "MaximumMessageSize": "262144",
            "MessageRetentionPeriod": "345600",
            "ReceiveMessageWaitTimeSeconds": "0",
            "SqsManagedSseEnabled": "true",
            "VisibilityTimeout": "30",
        }
        attributes = {
            name: _text(properties[name]) if name in properties else defaults.get(name, "")
            for name in changed & _ATTRIBUTES
        }
        if attributes:
            sqs.set_queue_attributes(QueueUrl=physical.id, Attributes=attributes)
        if "Tags" in changed:
            if dropped := sorted(tags(previous).keys() - tags(properties).keys()):
                sqs.untag_queue(QueueUrl=physical.id, TagKeys=dropped)
            sqs.tag_queue(QueueUrl=physical.id, Tags=tags(properties))
        return physical

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Delete the queue and what is in it."""
        place.client("sqs").delete_queue(QueueUrl=physical.id)


class QueuePolicy(ResourceType):
    """Who may send."""

    type = "AWS::SQS::QueuePolicy"
    applied = frozenset({"PolicyDocument", "Queues"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Write it to every queue."""
        self._write(place, properties["Queues"], json.dumps(properties["PolicyDocument"]))
        return Physical(id=place.name())

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Write it anew; queues no longer listed lose it."""
        self._write(place, [url for url in previous["Queues"] if url not in properties["Queues"]], "")
        self._write(place, properties["Queues"], json.dumps(properties["PolicyDocument"]))
        return physical

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Take it away."""
        self._write(place, properties["Queues"], "")

    def _write(self, place: Place, queues: list[str], policy: str) -> None:
        for url in queues:
            place.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
