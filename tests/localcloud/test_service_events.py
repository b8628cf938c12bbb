"""What the services of the local cloud tell by themselves."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.localcloud.cloud import ACCOUNT_ID
from tests.localcloud.eventing_cloud import EventingCloud, eventing_cloud, function_arn, rule

pytestmark = pytest.mark.localcloud


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[EventingCloud]:
    with eventing_cloud(tmp_path) as running:
        yield running


def test_a_bucket_tells_of_objects_if_it_is_told_to(cloud: EventingCloud) -> None:
    rule(cloud, {"Arn": function_arn("f")}, pattern={"source": ["aws.s3"], "detail-type": ["Object Created"]})
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="quiet")
    s3.create_bucket(Bucket="talking")
    s3.put_bucket_versioning(Bucket="talking", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(
        Bucket="talking", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    s3.put_object(Bucket="quiet", Key="a", Body=b"1")
    version = s3.put_object(Bucket="talking", Key="in/a b.csv", Body=b"12")["VersionId"]
    cloud.deliver()
    [event] = cloud.functions.events
    described = event["detail"]["object"]
    assert event["detail-type"] == "Object Created"
    assert event["resources"] == ["arn:aws:s3:::talking"]
    assert event["detail"]["bucket"] == {"name": "talking"}
    assert event["detail"]["reason"] == "PutObject"
    assert (described["key"], described["size"], described["version-id"]) == ("in/a b.csv", 2, version)
    assert described["etag"] == "c20ad4d76fe97759aa27a0c99bff6710"


def test_a_bucket_notification_starts_its_function_later_not_under_the_request(cloud: EventingCloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_bucket_notification_configuration(
        Bucket="bucket",
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [
                {"LambdaFunctionArn": function_arn("f"), "Events": ["s3:ObjectCreated:*"]}
            ]
        },
    )
    s3.put_object(Bucket="bucket", Key="k", Body=b"1")
    assert cloud.functions.events == []
    cloud.deliver()
    assert cloud.functions.events[0]["Records"][0]["s3"]["object"]["key"] == "k"


def test_an_execution_tells_when_it_starts_and_when_it_ends(cloud: EventingCloud) -> None:
    rule(cloud, {"Arn": cloud.queue("changes")}, pattern={"source": ["aws.states"]})
    states = cloud.client("stepfunctions")
    definition = {"StartAt": "No", "States": {"No": {"Type": "Fail", "Error": "Sad", "Cause": "why"}}}
    machine = states.create_state_machine(
        name="m", definition=json.dumps(definition), roleArn=f"arn:aws:iam::{ACCOUNT_ID}:role/r"
    )["stateMachineArn"]
    states.start_execution(stateMachineArn=machine, name="one", input='{"a": 1}')
    found: list[dict[str, Any]] = []
    while len(found) < 2:  # the execution runs in a thread of its own
        cloud.deliver()
        found += [json.loads(message["Body"]) for message in cloud.messages("changes")]
    running, failed = sorted((event["detail"] for event in found), key=lambda detail: detail["stopDate"] or 0)
    assert found[0]["detail-type"] == "Step Functions Execution Status Change"
    assert (running["status"], running["name"], json.loads(running["input"])) == ("RUNNING", "one", {"a": 1})
    assert (failed["status"], failed["error"], failed["cause"]) == ("FAILED", "Sad", "why")
    assert failed["stateMachineArn"] == machine
    counted = cloud.client("cloudwatch").list_metrics(Namespace="AWS/States")["Metrics"]
    assert {metric["MetricName"] for metric in counted} == {"ExecutionsStarted", "ExecutionsFailed"}
    assert counted[0]["Dimensions"] == [{"Name": "StateMachineArn", "Value": machine}]
