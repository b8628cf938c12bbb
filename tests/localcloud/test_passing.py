"""Time that passes from one due thing to the next: everything happens at its own virtual time, however long it takes."""

import itertools
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, timedelta
from typing import Any

import pytest

from scripts.localcloud import passing
from scripts.localcloud.eventing import work_queue
from tests.localcloud.running_cloud import RunningCloud, zipped

pytestmark = pytest.mark.localcloud

HOUR = 3600.0
PATIENCE_SECONDS = 60.0
NUMBERS = itertools.count(1)
HANDLER = """
import time

def handler(event, context):
    time.sleep(event.get("works_seconds", 0))  # the work of a function takes real time
    print("at", event.get("at"))
    return {}
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    with RunningCloud.running(tmp_path_factory.mktemp("passing"), speed=0) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def function(running: RunningCloud) -> str:
    role = running.role("function", "logs:*")
    client = running.client("lambda")
    arn: str = client.create_function(
        FunctionName="works",
        Runtime="python3.13",
        Role=role,
        Handler="code.handler",
        Code={"ZipFile": zipped(code=HANDLER)},
        Timeout=20,
    )["FunctionArn"]
    let_pass(running, 2)  # a new function is not active at once
    return arn


def let_pass(running: RunningCloud, seconds: float) -> None:
    cloud = running.cloud
    assert passing.pass_until(cloud, cloud.clock.time() + seconds, patience_seconds=PATIENCE_SECONDS) == []


def machine(running: RunningCloud, states: dict[str, Any], right: str = "lambda:InvokeFunction") -> str:
    number = next(NUMBERS)
    arn: str = running.client("stepfunctions").create_state_machine(
        name=f"machine-{number}",
        definition=json.dumps({"StartAt": next(iter(states)), "States": states}),
        roleArn=running.role(f"machine-{number}", right),
    )["stateMachineArn"]
    return arn


def executions(running: RunningCloud, machine_arn: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = running.client("stepfunctions").list_executions(
        stateMachineArn=machine_arn
    )["executions"]
    return sorted(found, key=lambda one: one["startDate"])


def test_waits_of_a_workflow_end_at_their_own_time_and_work_between_them_takes_none(
    running: RunningCloud, function: str
) -> None:
    arn = machine(
        running,
        {
            "Work": {"Type": "Task", "Resource": function, "Next": "Wait"},
            "Wait": {"Type": "Wait", "Seconds": 600, "Next": "Work more"},
            "Work more": {"Type": "Task", "Resource": function, "Next": "Wait again"},
            "Wait again": {"Type": "Wait", "Seconds": 900, "End": True},
        },
    )
    states = running.client("stepfunctions")
    started = running.cloud.clock.now()
    states.start_execution(stateMachineArn=arn, input=json.dumps({"works_seconds": 0.3}))
    let_pass(running, 0)
    assert executions(running, arn)[0]["status"] == "RUNNING"
    let_pass(running, 5 * HOUR)
    [ended] = executions(running, arn)
    assert ended["status"] == "SUCCEEDED"
    assert (ended["stopDate"] - started).total_seconds() == pytest.approx(1500, abs=0.01)
    assert (running.cloud.clock.now() - started).total_seconds() == pytest.approx(5 * HOUR, abs=0.01)


def test_time_passes_over_a_task_that_waits_for_people_and_its_answer_counts_at_once(
    running: RunningCloud,
) -> None:
    url = running.client("sqs").create_queue(QueueName="approvals")["QueueUrl"]
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": url, "MessageBody.$": "$$.Task.Token"},
        "TimeoutSeconds": 24 * int(HOUR),
        "End": True,
    }
    arn = machine(running, {"Approve": task}, "sqs:SendMessage")
    states = running.client("stepfunctions")
    for name in ("answered", "silent"):
        states.start_execution(stateMachineArn=arn, name=name, input="{}")
        let_pass(running, 20 * HOUR)
        if name == "answered":
            [message] = running.client("sqs").receive_message(QueueUrl=url)["Messages"]
            assert executions(running, arn)[0]["status"] == "RUNNING"
            states.send_task_success(taskToken=message["Body"], output="{}")
            let_pass(running, 0)
            assert executions(running, arn)[0]["status"] == "SUCCEEDED"
    let_pass(running, 4 * HOUR)
    assert executions(running, arn)[1]["status"] == "FAILED"


def test_a_schedule_fires_in_its_own_minute_of_every_day(running: RunningCloud, function: str) -> None:
    arn = machine(running, {"Work": {"Type": "Task", "Resource": function, "End": True}})
    scheduler = running.client("scheduler")
    scheduler.create_schedule(
        Name="nightly",
        ScheduleExpression="cron(30 2 * * ? *)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": arn, "RoleArn": running.role("scheduler", "states:StartExecution")},
    )
    let_pass(running, 72 * HOUR)
    scheduler.delete_schedule(Name="nightly")
    found = executions(running, arn)
    assert [(one["startDate"].astimezone(UTC).hour, one["startDate"].minute) for one in found] == [
        (2, 30)
    ] * 3
    assert all(one["stopDate"] - one["startDate"] < timedelta(seconds=1) for one in found)


def test_an_alarm_acts_in_the_minute_after_the_data_and_comes_back_in_its_own(running: RunningCloud) -> None:
    watch = running.client("cloudwatch")
    watch.put_metric_alarm(
        AlarmName="drift",
        Namespace="N",
        MetricName="Drift",
        Statistic="Maximum",
        Period=int(HOUR),
        EvaluationPeriods=3,
        DatapointsToAlarm=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
    )
    let_pass(running, 20 * 60)
    began = running.cloud.clock.time()
    watch.put_metric_data(
        Namespace="N",
        MetricData=[{"MetricName": "Drift", "Value": 2.0, "Timestamp": running.cloud.clock.now()}],
    )
    let_pass(running, 24 * HOUR)
    changes = watch.describe_alarm_history(
        AlarmName="drift", HistoryItemType="StateUpdate", ScanBy="TimestampAscending"
    )["AlarmHistoryItems"]
    told = [
        (json.loads(one["HistoryData"])["newState"]["stateValue"], one["Timestamp"].timestamp() - began)
        for one in changes
    ]
    assert [state for state, _ in told] == ["OK", "ALARM", "OK"]
    assert 0 < told[1][1] <= 60
    assert (
        5 * HOUR <= told[2][1] <= 5 * HOUR + 60
    )  # it lingers for the two periods that AWS looks back further


def test_work_for_later_is_done_at_its_time_and_what_it_adds_too(running: RunningCloud) -> None:
    clock, queue, seen = running.cloud.clock, work_queue.of(running.cloud), list[float]()
    began = clock.time()

    def first() -> None:
        seen.append(clock.time() - began)
        queue.add(lambda: seen.append(clock.time() - began), due=clock.time() + 37)

    queue.add(first, due=began + 90)
    let_pass(running, 300)
    assert seen == pytest.approx([90, 127], abs=0.01)


def test_it_gives_up_when_patience_is_over_and_says_what_still_goes_on(
    running: RunningCloud, function: str
) -> None:
    arn = machine(running, {"Work": {"Type": "Task", "Resource": function, "End": True}})
    running.client("stepfunctions").start_execution(
        stateMachineArn=arn, name="slow", input=json.dumps({"works_seconds": 1.5})
    )
    now = running.cloud.clock.time()
    answer = control(running, {"until": now + HOUR, "patience_seconds": 0.2})
    assert answer["arrived"] is False
    assert "execution slow" in answer["busy"]
    assert running.cloud.clock.time() < now + HOUR
    answer = control(running, {"until": now + HOUR, "patience_seconds": PATIENCE_SECONDS})
    assert (answer["arrived"], answer["busy"]) == (True, [])


def test_an_asynchronous_invocation_counts_until_its_log_lines_are_written(
    running: RunningCloud, function: str
) -> None:
    now = running.cloud.clock.time()
    running.client("lambda").invoke(
        FunctionName=function,
        InvocationType="Event",
        Payload=json.dumps({"works_seconds": 0.3, "at": now}).encode(),
    )
    let_pass(running, 0)
    lines = running.client("logs").filter_log_events(logGroupName="/aws/lambda/works")["events"]
    assert any(line["message"].strip() == f"at {now}" for line in lines)


def test_a_quiet_month_passes_in_no_time(running: RunningCloud) -> None:
    started = time.monotonic()
    let_pass(running, 30 * 24 * HOUR)
    assert time.monotonic() - started < 2


def test_a_request_that_makes_no_sense_is_told_so(running: RunningCloud) -> None:
    for document in (
        {},
        {"until": "noon", "patience_seconds": 1},
        {"until": 1, "patience_seconds": 1, "x": 1},
    ):
        with pytest.raises(urllib.error.HTTPError, match="400"):
            control(running, document)


def control(running: RunningCloud, document: dict[str, Any]) -> dict[str, Any]:
    url = f"{running.cloud.endpoint_url}/_localcloud/pass"
    request = urllib.request.Request(url, data=json.dumps(document).encode())
    with urllib.request.urlopen(request, timeout=60) as answer:
        found: dict[str, Any] = json.loads(answer.read())
    return found
