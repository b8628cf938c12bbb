"""A subscription that asks for one of several things in the body of a message gets what has any of them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.localcloud import topic_filters
from tests.localcloud.lambda_cloud import LambdaCloud

pytestmark = pytest.mark.localcloud

NEWS = {"$or": [{"new": ["ALARM"]}, {"old": ["ALARM"], "new": ["OK"]}]}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[LambdaCloud]:
    with LambdaCloud.running(tmp_path) as running:
        topic_filters.install(running.cloud)
        yield running


def test_alternatives_about_the_body(world: LambdaCloud) -> None:
    sns, sqs = world.client("sns"), world.client("sqs")
    url, topic = sqs.create_queue(QueueName="q")["QueueUrl"], sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint="arn:aws:sqs:us-east-1:123456789012:q",
        Attributes={
            "FilterPolicy": json.dumps(NEWS),
            "FilterPolicyScope": "MessageBody",
            "RawMessageDelivery": "true",
        },
    )
    for old, new in (("NONE", "OK"), ("NONE", "ALARM"), ("ALARM", "OK"), ("ALARM", "NONE"), ("OK", "ALARM")):
        sns.publish(TopicArn=topic, Message=json.dumps({"old": old, "new": new}))
    got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    states = [tuple(json.loads(each["Body"]).values()) for each in got]
    assert states == [("NONE", "ALARM"), ("ALARM", "OK"), ("OK", "ALARM")]
