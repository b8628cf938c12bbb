"""Rules and schedules hand over only what they may: a grant that the template lacks is found here, not in AWS."""

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from scripts.localcloud import passing
from scripts.localcloud.cloud import ACCOUNT_ID, REGION
from tests.localcloud.running_cloud import RunningCloud, zipped

pytestmark = pytest.mark.localcloud

NUMBERS = itertools.count(1)
HANDLER = "def handler(event, context): print('TOLD', event['detail']['id'])"
MACHINE = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    with RunningCloud.running(tmp_path_factory.mktemp("rights"), speed=0) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def function(running: RunningCloud) -> str:
    client = running.client("lambda")
    arn: str = client.create_function(
        FunctionName="told",
        Runtime="python3.13",
        Role=running.role("told", "logs:*"),
        Handler="code.handler",
        Code={"ZipFile": zipped(code=HANDLER)},
    )["FunctionArn"]
    let_pass(running, 2)  # a new function is not active at once
    return arn


@pytest.fixture
def queue(running: RunningCloud) -> str:
    """The ARN of a new queue."""
    name = f"buried-{next(NUMBERS)}"
    running.client("sqs").create_queue(QueueName=name)
    return f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{name}"


@pytest.fixture
def machine(running: RunningCloud) -> str:
    number = next(NUMBERS)
    arn: str = running.client("stepfunctions").create_state_machine(
        name=f"machine-{number}", definition=MACHINE, roleArn=running.role(f"machine-{number}")
    )["stateMachineArn"]
    return arn


def let_pass(running: RunningCloud, seconds: float) -> None:
    cloud = running.cloud
    assert passing.pass_until(cloud, cloud.clock.time() + seconds, patience_seconds=30) == []


def buried(running: RunningCloud, queue: str) -> list[str]:
    """Why what lies in the queue could not be delivered."""
    sqs = running.client("sqs")
    url = sqs.get_queue_url(QueueName=queue.rpartition(":")[2])["QueueUrl"]
    found = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], MaxNumberOfMessages=10)
    return [each["MessageAttributes"]["ERROR_CODE"]["StringValue"] for each in found.get("Messages", [])]


def tell(running: RunningCloud, target: str, *, dead_letters: str, role: str | None = None) -> str:
    """A rule for one event, and the event; returns the rule's ARN."""
    events, name = running.client("events"), f"rule-{next(NUMBERS)}"
    pattern = json.dumps({"source": [name]})
    arn: str = events.put_rule(Name=name, EventPattern=pattern)["RuleArn"]
    described: dict[str, Any] = {"Id": "1", "Arn": target, "DeadLetterConfig": {"Arn": dead_letters}}
    events.put_targets(Rule=name, Targets=[described | ({"RoleArn": role} if role else {})])
    repeat(running, arn)
    return arn


def repeat(running: RunningCloud, rule: str) -> None:
    name = rule.rpartition("/")[2]
    running.client("events").put_events(
        Entries=[{"Source": name, "DetailType": "d", "Detail": json.dumps({"id": name})}]
    )
    let_pass(running, 1)


def told(running: RunningCloud) -> list[str]:
    client = running.client("logs")
    groups = [each["logGroupName"] for each in client.describe_log_groups()["logGroups"]]
    if "/aws/lambda/told" not in groups:
        return []
    events = client.filter_log_events(logGroupName="/aws/lambda/told")["events"]
    return [each["message"].split()[1] for each in events if each["message"].startswith("TOLD")]


def executions(running: RunningCloud, machine: str) -> int:
    return len(running.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"])


def schedule(running: RunningCloud, machine: str, *, role: str, dead_letters: str) -> None:
    """One that is due once, a minute from now."""
    moment = datetime.fromtimestamp(running.cloud.clock.time() + 60, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    running.client("scheduler").create_schedule(
        Name=f"schedule-{next(NUMBERS)}",
        ScheduleExpression=f"at({moment})",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": machine, "RoleArn": role, "DeadLetterConfig": {"Arn": dead_letters}},
    )
    let_pass(running, 180)


def test_a_rule_reaches_a_function_only_as_the_source_that_its_policy_names(
    running: RunningCloud, function: str, queue: str
) -> None:
    rule = tell(running, function, dead_letters=queue)
    other = tell(running, function, dead_letters=queue)
    assert buried(running, queue) == ["AccessDeniedException"] * 2
    assert told(running) == []
    running.client("lambda").add_permission(
        FunctionName=function,
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule,
    )
    repeat(running, rule)
    repeat(running, other)
    assert told(running) == [rule.rpartition("/")[2]]


def test_a_rule_starts_a_state_machine_only_with_a_role_that_may(
    running: RunningCloud, machine: str, queue: str
) -> None:
    tell(running, machine, dead_letters=queue)
    tell(running, machine, dead_letters=queue, role=running.role(f"r{next(NUMBERS)}", "lambda:*"))
    assert buried(running, queue) == ["AccessDeniedException"] * 2
    tell(
        running, machine, dead_letters=queue, role=running.role(f"r{next(NUMBERS)}", "states:StartExecution")
    )
    assert executions(running, machine) == 1


def test_a_schedule_does_what_its_role_may_and_buries_the_rest(
    running: RunningCloud, machine: str, queue: str
) -> None:
    may = {
        name: running.role(f"r{next(NUMBERS)}", *actions)
        for name, actions in {
            "nothing": ("none:Nothing",),
            "bury": ("sqs:SendMessage",),
            "start": ("states:StartExecution",),
        }.items()
    }
    schedule(running, machine, role=may["nothing"], dead_letters=queue)
    assert buried(running, queue) == []  # it may not even do that
    schedule(running, machine, role=may["bury"], dead_letters=queue)
    assert buried(running, queue) == ["AccessDeniedException"]
    assert executions(running, machine) == 0
    schedule(running, machine, role=may["start"], dead_letters=queue)
    assert executions(running, machine) == 1
