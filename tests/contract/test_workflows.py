"""What starting a workflow promises: in memory and with Step Functions."""

from typing import Any

import pytest
from moto.moto_api._internal import moto_api_backend

from lambdaloop.adapters.aws_client import aws_client
from lambdaloop.adapters.step_functions import StepFunctionsWorkflows
from tests.contract.fault_injection import Wire, reject
from tests.fakes.workflows import FakeWorkflows

WORKFLOW = "arn:aws:states:us-east-1:123456789012:stateMachine:release"
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:release:churn-v1"


@pytest.fixture(params=["fake", "step functions"])
def workflows(request: pytest.FixtureRequest) -> Any:
    if request.param == "fake":
        yield FakeWorkflows()
        return
    moto_api_backend.reset()
    client: Any = aws_client("stepfunctions")
    with Wire().attached(client):
        client.create_state_machine(
            name="release",
            roleArn="arn:aws:iam::123456789012:role/release",
            definition='{"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}',
        )
        yield StepFunctionsWorkflows(client=client)


def test_starting_gives_the_arn_of_the_execution(workflows: Any) -> None:
    assert workflows.start(workflow=WORKFLOW, name="churn-v1", document={"version": 1}) == EXECUTION


@pytest.mark.parametrize("document", [{"version": 1}, {"version": 2}])
def test_a_name_is_started_once_and_its_execution_is_given_again(
    workflows: Any, document: dict[str, int]
) -> None:
    workflows.start(workflow=WORKFLOW, name="churn-v1", document={"version": 1})
    assert workflows.start(workflow=WORKFLOW, name="churn-v1", document=document) == EXECUTION


def test_other_names_are_other_executions(workflows: Any) -> None:
    first = workflows.start(workflow=WORKFLOW, name="churn-v1", document={})
    assert workflows.start(workflow=WORKFLOW, name="churn-v2", document={}) != first


def test_a_task_that_waits_is_answered() -> None:
    moto_api_backend.reset()
    client: Any = aws_client("stepfunctions")
    with Wire().attached(client) as wire:
        assert StepFunctionsWorkflows(client=client).answer("token", {"decision": "approved"}) is True
        assert wire.calls == ["sfn.SendTaskSuccess"]


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_a_task_that_does_not_wait_any_more_is_no_error(code: str) -> None:
    client: Any = aws_client("stepfunctions")
    wire = Wire()
    with wire.attached(client), wire.failing(reject("sfn.SendTaskSuccess", code)):
        assert StepFunctionsWorkflows(client=client).answer("token", {}) is False
