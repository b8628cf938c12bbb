"""State machines run in virtual time, with the rights of their role, and refuse what AWS refuses."""

import itertools
import json
import threading
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.localcloud.step_functions.definition import problems
from tests.localcloud.running_cloud import RunningCloud, zipped

HOUR = 3600
NUMBERS = itertools.count(1)
HANDLER = """
class DatasetInvalidError(Exception):
    pass

def handler(event, context):
    if "fail" in event:
        raise DatasetInvalidError(event["fail"])
    return {"got": event}
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    with RunningCloud.running(tmp_path_factory.mktemp("states"), speed=1) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def role(running: RunningCloud) -> str:
    return running.role("machine", "lambda:InvokeFunction", "sqs:SendMessage")


@pytest.fixture
def frozen(running: RunningCloud) -> Iterator[RunningCloud]:
    running.cloud.clock.set_speed(0)
    yield running
    running.cloud.clock.set_speed(1)


class Execution:
    """One execution of a state machine made for it."""

    def __init__(
        self, running: RunningCloud, role: str, states: dict[str, Any], given: Any = None, **machine: Any
    ) -> None:
        self.states, self.clock = running.client("stepfunctions"), running.cloud.clock
        definition = {"StartAt": next(iter(states)), "States": states, **machine}
        self.machine = self.states.create_state_machine(
            name=f"machine-{next(NUMBERS)}", definition=json.dumps(definition), roleArn=role
        )["stateMachineArn"]
        self.arn = self.states.start_execution(stateMachineArn=self.machine, input=json.dumps(given or {}))[
            "executionArn"
        ]

    @property
    def now(self) -> dict[str, Any]:
        found: dict[str, Any] = self.states.describe_execution(executionArn=self.arn)
        return found

    def history(self) -> list[str]:
        return [event["type"] for event in self._events()]

    def waits(self, branches: int = 1) -> None:
        """Only once the clock knows of the wait may it be moved: an event is written before the wait begins."""
        _until(lambda: self.clock.owners()[self.arn] == branches)

    def finished(self) -> dict[str, Any]:
        _until(lambda: self.now["status"] != "RUNNING")
        return self.now

    def _events(self) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = self.states.get_execution_history(executionArn=self.arn)["events"]
        return events


def _until(holds: Any) -> None:
    deadline, pause = time.monotonic() + 60, threading.Event()
    while not holds():
        assert time.monotonic() < deadline, "it never happened"
        pause.wait(0.02)


def wait(seconds: int) -> dict[str, Any]:
    return {"Type": "Wait", "Seconds": seconds, "End": True}


@pytest.mark.localcloud
def test_a_wait_lasts_as_long_as_the_clock_says(frozen: RunningCloud, role: str) -> None:
    execution = Execution(frozen, role, {"Bake": wait(HOUR)})
    execution.waits()
    frozen.cloud.clock.advance(HOUR - 1)
    assert execution.now["status"] == "RUNNING"
    frozen.cloud.clock.advance(1)
    finished = execution.finished()
    assert finished["status"] == "SUCCEEDED"
    assert (finished["stopDate"] - finished["startDate"]).total_seconds() == HOUR


@pytest.mark.localcloud
def test_states_and_events_bear_virtual_times(frozen: RunningCloud, role: str) -> None:
    frozen.cloud.clock.advance(30 * 24 * HOUR)
    now = frozen.cloud.clock.now()
    states = {"When": {"Type": "Pass", "Parameters": {"at.$": "$$.State.EnteredTime"}, "End": True}}
    execution = Execution(frozen, role, states)
    assert json.loads(execution.finished()["output"])["at"] == now.isoformat()
    assert {abs((event["timestamp"] - now).total_seconds()) < 1 for event in execution._events()} == {True}


@pytest.mark.localcloud
def test_retries_wait_in_virtual_time(frozen: RunningCloud, role: str) -> None:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "missing"},
        "Retry": [
            {"ErrorEquals": ["States.ALL"], "IntervalSeconds": HOUR, "MaxAttempts": 2, "BackoffRate": 2}
        ],
        "End": True,
    }
    execution = Execution(frozen, role, {"Call": task})
    for attempts, pause in ((1, HOUR), (2, 2 * HOUR)):
        _until(lambda: execution.history().count("TaskFailed") == attempts)  # noqa: B023  # called at once
        execution.waits()
        assert execution.now["status"] == "RUNNING"
        frozen.cloud.clock.advance(pause)
    finished = execution.finished()
    assert execution.history().count("TaskFailed") == 3
    assert finished["error"] == "Lambda.ResourceNotFoundException"


@pytest.mark.localcloud
def test_a_history_is_read_in_pages_and_from_its_end_on_request(frozen: RunningCloud, role: str) -> None:
    execution = Execution(frozen, role, {"Begin": {"Type": "Pass", "Next": "Bake"}, "Bake": wait(HOUR)})
    execution.waits()
    ask = partial(execution.states.get_execution_history, executionArn=execution.arn, maxResults=2)
    newest = ask(reverseOrder=True)
    assert [event["id"] for event in newest["events"]] == [4, 3]
    frozen.cloud.clock.advance(HOUR)
    execution.finished()
    older = ask(reverseOrder=True, nextToken=newest["nextToken"])
    assert [event["id"] for event in older["events"]] == [2, 1]
    assert "nextToken" not in older
    assert [event["id"] for event in ask(nextToken=ask()["nextToken"])["events"]] == [3, 4]
    with pytest.raises(execution.states.exceptions.InvalidToken):
        ask(nextToken="99")


@pytest.mark.localcloud
def test_a_machine_times_out_in_virtual_time(frozen: RunningCloud, role: str) -> None:
    execution = Execution(frozen, role, {"Bake": wait(HOUR)}, TimeoutSeconds=600)
    execution.waits()
    frozen.cloud.clock.advance(601)
    assert execution.finished()["status"] == "TIMED_OUT"


@pytest.mark.localcloud
def test_a_task_that_waits_for_an_answer_times_out_in_virtual_time(frozen: RunningCloud, role: str) -> None:
    url = frozen.client("sqs").create_queue(QueueName="approvals")["QueueUrl"]
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": url, "MessageBody.$": "$$.Task.Token"},
        "TimeoutSeconds": 24 * HOUR,
        "End": True,
    }
    execution = Execution(frozen, role, {"Approve": task})
    execution.waits()
    frozen.cloud.clock.advance(24 * HOUR)
    assert execution.finished()["error"] == "States.Timeout"


@pytest.mark.localcloud
def test_a_fast_clock_does_not_time_out_work_that_takes_real_time(running: RunningCloud, role: str) -> None:
    function = make_function(
        running, "slow", "import time\ndef handler(event, context):\n    time.sleep(0.5)\n    return 1\n"
    )
    running.cloud.clock.set_speed(1000)
    try:
        task = {**invoke(function), "TimeoutSeconds": 60, "End": True}
        assert Execution(running, role, {"Train": task}).finished()["status"] == "SUCCEEDED"
    finally:
        running.cloud.clock.set_speed(1)


@pytest.mark.localcloud
def test_the_branches_of_a_map_wait_at_the_same_time(frozen: RunningCloud, role: str) -> None:
    processor = {"StartAt": "Bake", "States": {"Bake": wait(HOUR)}}
    states = {"Each": {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, "End": True}}
    execution = Execution(frozen, role, states, {"items": [1, 2, 3]})
    execution.waits(branches=3)
    frozen.cloud.clock.advance(HOUR)
    assert json.loads(execution.finished()["output"]) == [1, 2, 3]


@pytest.mark.localcloud
def test_a_stopped_execution_stops_even_while_it_waits(frozen: RunningCloud, role: str) -> None:
    execution = Execution(frozen, role, {"Bake": wait(HOUR)})
    execution.states.stop_execution(executionArn=execution.arn, error="Enough", cause="operator")
    assert execution.finished()["status"] == "ABORTED"


def invoke(function: str) -> dict[str, Any]:
    return {"Type": "Task", "Resource": function}


def make_function(running: RunningCloud, name: str, source: str) -> str:
    client = running.client("lambda")
    arn: str = client.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="index.handler",
        Role=running.role(f"{name}-role", "logs:*"),
        Code={"ZipFile": zipped(index=source)},
        Timeout=30,
    )["FunctionArn"]
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.05})
    return arn


@pytest.fixture(scope="module")
def function(running: RunningCloud) -> str:
    return make_function(running, "step", HANDLER)


@pytest.mark.localcloud
def test_a_functions_answer_is_the_output_of_its_state(
    running: RunningCloud, role: str, function: str
) -> None:
    execution = Execution(running, role, {"Call": {**invoke(function), "End": True}}, {"a": 1})
    assert json.loads(execution.finished()["output"]) == {"got": {"a": 1}}


@pytest.mark.localcloud
def test_an_error_is_caught_by_the_name_of_its_class(running: RunningCloud, role: str, function: str) -> None:
    catch = {"ErrorEquals": ["DatasetInvalidError"], "ResultPath": "$.error", "Next": "Report"}
    states = {
        "Call": {**invoke(function), "Catch": [catch], "Next": "Report"},
        "Report": {"Type": "Pass", "End": True},
    }
    output = json.loads(Execution(running, role, states, {"fail": "row 3"}).finished()["output"])
    assert output["error"]["Error"] == "DatasetInvalidError"
    assert json.loads(output["error"]["Cause"])["errorMessage"] == "row 3"


@pytest.mark.localcloud
def test_a_machine_may_only_do_what_its_role_allows(running: RunningCloud, function: str) -> None:
    powerless = running.role(f"powerless-{next(NUMBERS)}")
    finished = Execution(running, powerless, {"Call": {**invoke(function), "End": True}}).finished()
    assert finished["status"] == "FAILED"
    assert "not authorized to perform: lambda:InvokeFunction" in finished["cause"]


@pytest.mark.localcloud
def test_a_name_starts_one_execution(frozen: RunningCloud, role: str) -> None:
    machine, states = Execution(frozen, role, {"Bake": wait(HOUR)}).machine, frozen.client("stepfunctions")
    first = states.start_execution(stateMachineArn=machine, name="run-1", input="{}")
    again = states.start_execution(stateMachineArn=machine, name="run-1", input="{}")
    assert again["executionArn"] == first["executionArn"]
    with pytest.raises(states.exceptions.ExecutionAlreadyExists):
        states.start_execution(stateMachineArn=machine, name="run-1", input='{"other": 1}')
    frozen.cloud.clock.advance(HOUR)
    with pytest.raises(states.exceptions.InvalidName):
        states.start_execution(stateMachineArn=machine, name="run 1")


@pytest.mark.localcloud
def test_executions_without_a_name_do_not_collide(running: RunningCloud, role: str) -> None:
    execution = Execution(running, role, {"Done": {"Type": "Succeed"}})
    second = execution.states.start_execution(stateMachineArn=execution.machine, input='{"a": 1}')
    assert second["executionArn"] != execution.arn


@pytest.mark.localcloud
def test_a_definition_with_a_transition_to_nowhere_is_refused(running: RunningCloud, role: str) -> None:
    states = running.client("stepfunctions")
    definition = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}'
    with pytest.raises(states.exceptions.InvalidDefinition, match="Missing 'Next' target: B at /States/A"):
        states.create_state_machine(name="dangling", definition=definition, roleArn=role)
    arn = Execution(running, role, {"Done": {"Type": "Succeed"}}).machine
    with pytest.raises(ClientError, match="Missing 'Next' target"):
        states.update_state_machine(stateMachineArn=arn, definition=definition)


PASS = {"Type": "Pass", "End": True}


@pytest.mark.parametrize(
    ("states", "problem"),
    [
        ({"B": PASS}, "Missing 'StartAt' target: A"),
        ({"A": {"Type": "Pass"}}, "a state needs 'Next' or 'End' at /States/A"),
        ({"A": PASS, "B": PASS}, 'State "B" is not reachable'),
        (
            {"A": {"Type": "Choice", "Choices": [{"Next": "C"}], "Default": "D"}},
            "Missing 'Default' target: D",
        ),
        ({"A": {**PASS, "Type": "Task", "Catch": [{"Next": "C"}]}}, "Missing 'Next' target: C"),
        (
            {"A": {**PASS, "Type": "Parallel", "Branches": [{"StartAt": "X", "States": {}}]}},
            "target: X at /States/A/Branches[0]/StartAt",
        ),
        (
            {"A": {**PASS, "Type": "Map", "ItemProcessor": {"StartAt": "X", "States": {}}}},
            "target: X at /States/A/ItemProcessor/StartAt",
        ),
    ],
)
def test_every_kind_of_broken_transition_is_found(states: dict[str, Any], problem: str) -> None:
    assert problem in "; ".join(problems(json.dumps({"StartAt": "A", "States": states})))


def test_a_sound_definition_has_no_problems() -> None:
    states = {
        "A": {"Type": "Choice", "Choices": [{"Next": "B"}], "Default": "C"},
        "B": {"Type": "Wait", "Seconds": 1, "Next": "A"},
        "C": {"Type": "Fail"},
    }
    assert problems(json.dumps({"StartAt": "A", "States": states})) == []
