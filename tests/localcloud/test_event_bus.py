import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.core.exceptions import JsonRESTError

from scripts.localcloud import event_bus
from scripts.localcloud.cloud import ACCOUNT_ID, REGION
from scripts.localcloud.eventing import work_queue
from tests.localcloud.eventing_cloud import ROLE, EventingCloud, eventing_cloud, function_arn, rule

pytestmark = pytest.mark.localcloud


class ServiceIsBusy(JsonRESTError):  # type: ignore[misc]  # moto is untyped to us
    code = 503


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[EventingCloud]:
    with eventing_cloud(tmp_path) as running:
        yield running


def put(cloud: EventingCloud, detail: dict[str, Any], source: str = "shop", kind: str = "Order") -> Any:
    entry = {"Source": source, "DetailType": kind, "Detail": json.dumps(detail)}
    return cloud.client("events").put_events(Entries=[entry])


def test_a_matching_event_reaches_a_function_in_the_shape_of_aws(cloud: EventingCloud) -> None:
    rule(cloud, {"Arn": function_arn("f")}, pattern={"source": ["shop"]})
    put(cloud, {"id": 7})
    assert cloud.functions.invocations == []  # PutEvents does not wait for anyone
    cloud.deliver()
    [invocation] = cloud.functions.invocations
    assert invocation.kind == "Event"
    assert invocation.event | {"id": "", "time": ""} == {
        "version": "0",
        "id": "",
        "detail-type": "Order",
        "source": "shop",
        "account": ACCOUNT_ID,
        "time": "",
        "region": REGION,
        "resources": [],
        "detail": {"id": 7},
    }
    assert invocation.event["time"] == cloud.cloud.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")


def test_events_that_do_not_match_reach_nobody(cloud: EventingCloud) -> None:
    rule(
        cloud,
        {"Arn": function_arn("f")},
        pattern={"source": ["shop"], "detail": {"id": [{"numeric": [">", 8]}]}},
    )
    put(cloud, {"id": 7})
    put(cloud, {"id": 9}, source="garden")
    cloud.deliver()
    assert cloud.functions.invocations == []


def test_a_disabled_rule_and_a_schedule_match_no_event(cloud: EventingCloud) -> None:
    rule(cloud, {"Arn": function_arn("f")}, pattern={"source": ["shop"]}, name="off", State="DISABLED")
    rule(cloud, {"Arn": function_arn("f")}, name="hourly", ScheduleExpression="rate(1 hour)")
    put(cloud, {})
    cloud.deliver()
    assert cloud.functions.invocations == []


def test_every_kind_of_target_gets_the_event(cloud: EventingCloud) -> None:
    queue, heard = cloud.queue("orders"), cloud.queue("heard")
    topic = cloud.client("sns").create_topic(Name="orders")["TopicArn"]
    cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=heard)
    cloud.client("logs").create_log_group(logGroupName="/aws/events/orders")
    group = f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:/aws/events/orders"
    cloud.client("s3").create_bucket(Bucket="orders")
    stream = cloud.client("firehose").create_delivery_stream(
        DeliveryStreamName="orders",
        ExtendedS3DestinationConfiguration={
            "BucketARN": "arn:aws:s3:::orders",
            "RoleARN": cloud.service_role("firehose", "s3:PutObject"),
            "BufferingHints": {"IntervalInSeconds": 0, "SizeInMBs": 1},
        },
    )["DeliveryStreamARN"]
    rule(
        cloud,
        {"Arn": queue},
        {"Arn": topic},
        {"Arn": group},
        {"Arn": stream, "RoleArn": ROLE},
        pattern={"detail-type": ["Order"]},
    )
    put(cloud, {"id": 7})
    cloud.deliver()
    logged = cloud.client("logs").filter_log_events(logGroupName="/aws/events/orders")["events"]
    [stored] = cloud.objects("orders").values()
    texts = [
        cloud.messages("orders")[0]["Body"],
        json.loads(cloud.messages("heard")[0]["Body"])["Message"],
        logged[0]["message"],
        stored.decode(),
    ]
    assert [json.loads(text)["detail"] for text in texts] == [{"id": 7}] * 4


def test_a_state_machine_starts_once_per_event_under_a_name_of_its_own(cloud: EventingCloud) -> None:
    states = cloud.client("stepfunctions")
    machine = states.create_state_machine(
        name="m",
        definition=json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}),
        roleArn=f"arn:aws:iam::{ACCOUNT_ID}:role/r",
    )["stateMachineArn"]
    rule(cloud, {"Arn": machine, "RoleArn": ROLE}, pattern={"source": ["shop"]})
    put(cloud, {"id": 1})
    put(cloud, {"id": 1})
    cloud.deliver()
    executions = states.list_executions(stateMachineArn=machine)["executions"]
    assert len({execution["name"] for execution in executions}) == 2
    described = states.describe_execution(executionArn=executions[0]["executionArn"])
    assert json.loads(described["input"])["detail"] == {"id": 1}


@pytest.mark.parametrize(
    ("target", "received"),
    [
        ({"Input": '{"constant": true}'}, {"constant": True}),
        ({"InputPath": "$.detail.order"}, {"id": 7, "name": 'a "b"'}),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {
                        "id": "$.detail.order.id",
                        "name": "$.detail.order.name",
                        "none": "$.detail.x",
                    },
                    "InputTemplate": '{"id": <id>, "name": <name>, "text": "order <id> of <name>", "none": <none>}',
                }
            },
            {"id": 7, "name": 'a "b"', "text": 'order 7 of a "b"', "none": ""},
        ),
        (
            {
                "InputTransformer": {
                    "InputTemplate": '{"rule": <aws.events.rule-name>, "whole": <aws.events.event.json>}'
                }
            },
            None,
        ),
    ],
)
def test_a_target_gets_the_input_it_asks_for(
    cloud: EventingCloud, target: dict[str, Any], received: Any
) -> None:
    rule(cloud, {"Arn": function_arn("f"), **target}, pattern={"source": ["shop"]})
    put(cloud, {"order": {"id": 7, "name": 'a "b"'}})
    cloud.deliver()
    [event] = cloud.functions.events
    if received is None:
        assert (event["rule"], event["whole"]["detail"]["order"]["id"]) == ("rule", 7)
    else:
        assert event == received


def test_a_throttled_target_is_tried_again_later_on_virtual_time(cloud: EventingCloud) -> None:
    cloud.functions.errors = [
        ServiceIsBusy("ServiceException", "busy"),
        ServiceIsBusy("ServiceException", "busy"),
    ]
    rule(cloud, {"Arn": function_arn("f")}, pattern={"source": ["shop"]})
    put(cloud, {"id": 7})
    cloud.deliver()
    assert cloud.functions.events == []
    cloud.advance(1)
    cloud.deliver()
    assert cloud.functions.events == []
    cloud.advance(2)
    cloud.deliver()
    assert [event["detail"] for event in cloud.functions.events] == [{"id": 7}]


def test_what_stays_undeliverable_goes_to_the_dead_letter_queue(cloud: EventingCloud) -> None:
    queue = cloud.queue("dead")
    cloud.functions.errors = [ServiceIsBusy("ServiceException", "busy") for _ in range(3)]
    rule(
        cloud,
        {
            "Arn": function_arn("f"),
            "RetryPolicy": {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 3600},
            "DeadLetterConfig": {"Arn": queue},
        },
        pattern={"source": ["shop"]},
    )
    put(cloud, {"id": 7})
    for _ in range(3):
        cloud.deliver()
        cloud.advance(10)
    [message] = cloud.messages("dead")
    attributes = {name: one["StringValue"] for name, one in message["MessageAttributes"].items()}
    assert json.loads(message["Body"])["detail"] == {"id": 7}
    assert attributes["TARGET_ARN"] == function_arn("f")
    assert attributes["RULE_ARN"].endswith(":rule/rule")
    assert (attributes["RETRY_ATTEMPTS"], attributes["EXHAUSTED_RETRY_CONDITION"]) == (
        "2",
        "MaximumRetryAttempts",
    )


def test_a_target_that_does_not_exist_is_not_tried_again(cloud: EventingCloud) -> None:
    queue = cloud.queue("dead")
    missing = f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:gone"
    rule(cloud, {"Arn": missing, "DeadLetterConfig": {"Arn": queue}}, pattern={"source": ["shop"]})
    put(cloud, {})
    cloud.deliver()
    [message] = cloud.messages("dead")
    assert message["MessageAttributes"]["RETRY_ATTEMPTS"]["StringValue"] == "0"
    failed = cloud.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Events",
        MetricName="FailedInvocations",
        Dimensions=[{"Name": "RuleName", "Value": "rule"}],
        StartTime=cloud.now - 60,
        EndTime=cloud.now + 60,
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    assert [one["Sum"] for one in failed] == [1.0]


def test_every_event_can_come_twice(cloud: EventingCloud) -> None:
    rule(cloud, {"Arn": function_arn("f")}, pattern={"source": ["shop"]})
    cloud.cloud.routes["POST", "event-bus"]({"copies": 2})
    put(cloud, {"id": 7})
    cloud.deliver()
    first, second = cloud.functions.events
    assert first == second
    with pytest.raises(ValueError, match="1 or more"):
        cloud.cloud.routes["POST", "event-bus"]({"copies": 0})


def test_another_bus_hands_events_to_its_own_rules(cloud: EventingCloud) -> None:
    events = cloud.client("events")
    bus = events.create_event_bus(Name="other")["EventBusArn"]
    rule(cloud, {"Arn": bus}, pattern={"source": ["shop"]})
    events.put_rule(Name="there", EventBusName="other", EventPattern='{"detail": {"id": [7]}}')
    events.put_targets(Rule="there", EventBusName="other", Targets=[{"Id": "1", "Arn": function_arn("f")}])
    put(cloud, {"id": 7})
    cloud.deliver()
    assert [event["detail"] for event in cloud.functions.events] == [{"id": 7}]


@pytest.mark.parametrize(
    ("pattern", "target", "problem"),
    [
        ({"source": [{"prefx": "a"}]}, {"Arn": function_arn("f")}, "prefx"),
        (
            {"source": ["shop"]},
            {"Arn": f"arn:aws:kinesis:{REGION}:{ACCOUNT_ID}:stream/s"},
            "event buses only",
        ),
        ({"source": ["shop"]}, {"Arn": function_arn("f"), "Input": "{"}, "Input must be JSON"),
        ({"source": ["shop"]}, {"Arn": function_arn("f"), "InputPath": "detail"}, "starts with"),
    ],
)
def test_what_could_never_arrive_is_refused_at_once(
    cloud: EventingCloud, pattern: Any, target: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ClientError, match=problem):
        rule(cloud, target, pattern=pattern)


def test_nobody_speaks_for_aws(cloud: EventingCloud) -> None:
    rule(cloud, {"Arn": function_arn("f")}, pattern={"source": ["aws.s3"]})
    answer = put(cloud, {}, source="aws.s3")
    cloud.deliver()
    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"
    assert cloud.functions.events == []


def test_an_archive_keeps_what_passes(cloud: EventingCloud) -> None:
    events = cloud.client("events")
    bus = events.describe_event_bus()["Arn"]
    events.create_archive(ArchiveName="all", EventSourceArn=bus)
    put(cloud, {"id": 7})
    event_bus.publish(cloud.cloud, source="aws.x", detail_type="y", resources=[], detail={})
    assert events.describe_archive(ArchiveName="all")["EventCount"] == 2
    assert work_queue.of(cloud.cloud).pending() == 0
