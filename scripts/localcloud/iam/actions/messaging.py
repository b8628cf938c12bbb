"""Which rights SNS, SQS, EventBridge and Firehose operations need."""

from scripts.localcloud.iam.actions.rule import Parameters, Rules, arn, named, same_name
from scripts.localcloud.iam.policy import Access


def _topic(parameters: Parameters) -> str:
    return str(parameters.get("TopicArn") or parameters.get("TargetArn") or "*")


def _queue(parameters: Parameters) -> str:
    if "QueueUrl" in parameters:
        return arn("sqs", str(parameters["QueueUrl"]).rpartition("/")[2])
    return arn("sqs", str(parameters.get("QueueName", "*")))


def _publish_batch(parameters: Parameters) -> list[Access]:
    return [Access(action="sns:Publish", resource=_topic(parameters))]


def _send_batch(parameters: Parameters) -> list[Access]:
    return [Access(action="sqs:SendMessage", resource=_queue(parameters))]


def _delete_batch(parameters: Parameters) -> list[Access]:
    return [Access(action="sqs:DeleteMessage", resource=_queue(parameters))]


def _put_events(parameters: Parameters) -> list[Access]:
    bus = named("events", "event-bus", "EventBusName")
    buses = sorted({bus({"EventBusName": "default", **entry}) for entry in parameters["Entries"]})
    return [Access(action="events:PutEvents", resource=one) for one in buses]


_rule = named("events", "rule", "Name")
_stream = named("firehose", "deliverystream", "DeliveryStreamName")

SNS: Rules = {
    **same_name("sns", "Publish GetTopicAttributes ListSubscriptionsByTopic Subscribe", _topic),
    "PublishBatch": _publish_batch,
    **same_name("sns", "ListTopics"),
}

SQS: Rules = {
    **same_name("sqs", "SendMessage ReceiveMessage DeleteMessage GetQueueAttributes GetQueueUrl", _queue),
    **same_name("sqs", "ChangeMessageVisibility PurgeQueue", _queue),
    "SendMessageBatch": _send_batch,
    "DeleteMessageBatch": _delete_batch,
    **same_name("sqs", "ListQueues"),
}

EVENTS: Rules = {
    "PutEvents": _put_events,
    **same_name("events", "DescribeRule EnableRule DisableRule PutRule PutTargets RemoveTargets", _rule),
    **same_name("events", "ListRules"),
}

FIREHOSE: Rules = same_name("firehose", "PutRecord PutRecordBatch DescribeDeliveryStream", _stream)
