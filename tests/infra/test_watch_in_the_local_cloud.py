"""The watch's part of the real template at work: who is told what and when, with functions that only play a part.

What the functions find is given by the hour, so that nights without a verdict, runs that overlap and a schedule that stops
can be lived through.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_socket import enable_socket

from scripts.localcloud import passing
from tests.infra.part_of_a_stack import asked, part_of, zipped
from tests.infra.synthesis import Template
from tests.localcloud.deployed_stack import DeployedStack
from tests.localcloud.running_cloud import RunningCloud

pytestmark = pytest.mark.localcloud

HOUR = 3600
PARTS = ("Watch", "Governing", "RetrainingTriggers", "Undelivered")
"""How the logical ids of what is deployed begin."""
WATCH = """
import json, time
from datetime import datetime

class LeaseHeldError(Exception): pass

def handler(event, context):
    at = datetime.fromisoformat(event["at"]).timestamp()
    played = PLAYED[int(at - START) // 3600]
    if played == "busy":
        raise LeaseHeldError("another run is at work")
    if played == "broken":
        raise ValueError("the log is full of sand")
    found = {"model_watch_runs_total": 1}
    if played is not None:
        found["model_drift_share"] = played
    print(json.dumps({
        "_aws": {"Timestamp": int(at // 3600 * 3600000), "CloudWatchMetrics": [
            {"Namespace": "Lambdaloop", "Dimensions": [["Model"]], "Metrics": [{"Name": name} for name in found]}]},
        "Model": "churn", **found}))
    return {"played": played}
"""
GOVERNOR = """
import json

def handler(event, context):
    if event.get("cause") == "riddle":
        raise ValueError("no answer")
    print("ASKED " + json.dumps(event))
    return {}
"""
SILENT: list[Any] = [None] * 5
PLAYED: list[Any] = [
    *(0.02, 0.02, 0.02),
    *(0.3, 0.02, 0.3, 0.3),  # two of three: drift
    *SILENT,  # a night without a verdict
    *(0.3, 0.02, 0.02),  # one more, and then no more
    *("busy", "broken", 0.02, 0.02),
]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    enable_socket()
    with RunningCloud.running(tmp_path_factory.mktemp("watch"), speed=1) as cloud:
        yield cloud


class Night:
    """The deployed part of the stack, and what became of it."""

    def __init__(self, running: RunningCloud, template: Template) -> None:
        self.running = running
        clock = running.cloud.clock
        clock.advance(HOUR - clock.time() % HOUR)
        self.start = clock.time() // HOUR * HOUR
        s3, sqs, sns = (running.client(service) for service in ("s3", "sqs", "sns"))
        s3.create_bucket(Bucket="code")
        played = f"START, PLAYED = {self.start!r}, {PLAYED!r}\n{WATCH}"
        for verb, source in (("watch_model", played), ("govern_retraining", GOVERNOR)):
            s3.put_object(Bucket="code", Key=f"{verb}.zip", Body=zipped(verb, source))
        self.topic = sns.create_topic(Name="alerts")["TopicArn"]
        self.mailbox = sqs.create_queue(QueueName="mailbox")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self.mailbox, AttributeNames=["QueueArn"])["Attributes"]
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn["QueueArn"])
        self.unread: dict[str, list[str]] = defaultdict(list)
        self.stack = DeployedStack(running, "churn")
        self.template = part_of(template, PARTS, topic=self.topic)
        assert self.stack.create(self.template) == "CREATE_COMPLETE"
        clock.set_speed(
            0
        )  # from now on time goes where it is sent; a new function needs some to become active

    def pass_until(self, hours: float) -> None:
        until = self.start + hours * HOUR
        assert passing.pass_until(self.running.cloud, until, patience_seconds=60) == []

    def mail(self, alarm: str) -> list[str]:
        """What the topic said about an alarm since this was asked about it last."""
        sqs = self.running.client("sqs")
        while messages := sqs.receive_message(QueueUrl=self.mailbox, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                sqs.delete_message(QueueUrl=self.mailbox, ReceiptHandle=message["ReceiptHandle"])
                told = json.loads(json.loads(message["Body"])["Message"])
                self.unread[told["AlarmName"]].append(told["NewStateValue"])
        return self.unread.pop(f"lambdaloop-churn-{alarm}", [])

    def state(self, alarm: str) -> str:
        client = self.running.client("cloudwatch")
        [found] = client.describe_alarms(AlarmNames=[f"lambdaloop-churn-{alarm}"])["MetricAlarms"]
        return str(found["StateValue"])

    def executions(self) -> list[str]:
        [machine] = [id_ for id_, each in self.template.items() if each["Type"].endswith("StateMachine")]
        client = self.running.client("stepfunctions")
        found = client.list_executions(stateMachineArn=self.stack.physical_id(machine))["executions"]
        return [each["status"] for each in sorted(found, key=lambda each: each["startDate"])]

    def asked(self) -> list[dict[str, Any]]:
        """What the governor was sent."""
        return asked(self.running, self.stack, self.template)


@pytest.fixture(scope="module")
def night(running: RunningCloud, templates: dict[str, Template]) -> Night:
    return Night(running, templates["Lambdaloop-churn"])


def test_the_watch_is_asked_for_until_its_first_run(night: Night) -> None:
    assert night.state("drift-share") == "INSUFFICIENT_DATA"
    night.pass_until(0.1)
    assert night.state("watch-silent") == "ALARM"
    night.pass_until(1)
    assert night.state("watch-silent") == "OK"
    assert night.mail("watch-silent") == ["ALARM", "OK"]
    assert night.executions() == ["SUCCEEDED"]


def test_drift_in_two_windows_of_three_is_told_once_however_quiet_the_night(night: Night) -> None:
    night.pass_until(6)
    assert night.state("drift-share") == "ALARM"
    assert night.mail("drift-share") == ["OK", "ALARM"]  # at birth it knew nothing
    night.pass_until(12)
    assert night.state("drift-share") == "ALARM"
    assert night.mail("drift-share") == []


def test_the_governor_is_asked_by_every_watch_and_by_the_alarm_that_began(night: Night) -> None:
    events = night.asked()
    [alarm] = [each for each in events if "detail-type" in each]
    assert alarm["detail"]["alarmName"] == "lambdaloop-churn-drift-share"
    assert alarm["detail"]["state"]["value"] == "ALARM"
    watches = [each for each in events if each.get("cause") == "watch"]
    assert len(watches) == 12
    assert len({each["at"] for each in watches}) == 12
    assert all(each["at"].endswith(":10:00Z") for each in watches)


def test_an_alarm_ends_when_the_drift_does_and_that_is_told(night: Night) -> None:
    night.pass_until(15)
    assert night.state("drift-share") == "OK"
    assert night.mail("drift-share") == ["OK"]


def test_a_run_that_finds_another_one_at_work_asks_nobody_and_is_no_failure(night: Night) -> None:
    before = len(night.asked())
    night.pass_until(16)
    assert night.executions()[-1] == "SUCCEEDED"
    assert len(night.asked()) == before
    assert night.mail("watch-failed") == ["OK"]  # from birth on


def test_a_watch_that_fails_is_told(night: Night) -> None:
    night.pass_until(17)
    assert night.executions()[-1] == "FAILED"
    assert night.mail("watch-failed") == ["ALARM", "OK"]  # by the next five minutes nothing had failed


def test_a_schedule_that_stops_is_noticed_when_two_runs_did_not_come(night: Night) -> None:
    night.pass_until(19)
    night.mail("watch-silent")
    [(id_, schedule)] = [
        item for item in night.template.items() if item[1]["Type"] == "AWS::Scheduler::Schedule"
    ]
    stopped = {**schedule, "Properties": {**schedule["Properties"], "State": "DISABLED"}}
    assert night.stack.update({**night.template, id_: stopped}) == "UPDATE_COMPLETE"
    night.pass_until(20.9)  # runs were due at 19:10 and 20:10
    assert night.state("watch-silent") == "OK"
    night.pass_until(21.1)
    assert night.mail("watch-silent") == ["ALARM"]
    night.pass_until(48)
    assert night.state("watch-silent") == "ALARM"
    assert night.mail("watch-silent") == []


def test_an_event_that_the_governor_fails_on_three_times_is_kept(night: Night) -> None:
    [governor] = [id_ for id_ in night.template if id_.startswith("GoverningGovernRetrainingFunction")]
    night.running.client("lambda").invoke(
        FunctionName=night.stack.physical_id(governor),
        InvocationType="Event",
        Payload=json.dumps({"cause": "riddle"}),
    )
    night.pass_until(48.1)
    [queue] = [id_ for id_, each in night.template.items() if each["Type"] == "AWS::SQS::Queue"]
    [kept] = night.running.client("sqs").receive_message(QueueUrl=night.stack.physical_id(queue))["Messages"]
    record = json.loads(kept["Body"])
    assert record["requestPayload"] == {"cause": "riddle"}
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3


def test_new_data_below_the_models_location_ask_and_other_files_do_not(
    running: RunningCloud, night: Night, templates: dict[str, Template]
) -> None:
    stack = DeployedStack(running, "price")
    parts = ("Governing", "RetrainingTriggers", "Undelivered")
    template = part_of(templates["Lambdaloop-price"], parts, topic=night.topic)
    running.cloud.clock.set_speed(1)
    assert stack.create(template) == "CREATE_COMPLETE"
    running.cloud.clock.set_speed(0)
    [rule] = [
        each["Properties"]
        for each in template.values()
        if each["Type"] == "AWS::Events::Rule" and each["Properties"]["EventPattern"]["source"] == ["aws.s3"]
    ]
    [arn] = rule["EventPattern"]["resources"]
    bucket, s3 = arn.rpartition(":")[2], running.client("s3")
    s3.create_bucket(Bucket=bucket)
    told: Any = {"EventBridgeConfiguration": {}}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=told)
    for key in ("houses/sold/june.csv", "houses/rented/june.csv", "feedback/price/june.csv"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"area,price\n1,2\n")
    passing.pass_until(running.cloud, running.cloud.clock.time() + 60, patience_seconds=60)
    [event] = asked(running, stack, template)
    assert event["detail-type"] == "Object Created"
    assert event["detail"]["object"]["key"] == "houses/sold/june.csv"
