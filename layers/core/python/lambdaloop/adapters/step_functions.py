"""Starts state machines under names of our choice, so that duplicates collapse."""

import json
from typing import TYPE_CHECKING

from lambdaloop.adapters.aws_client import aws_client
from lambdaloop.adapters.aws_errors import aws_errors
from lambdaloop.domain.documents import Document

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

_GONE = ("TaskTimedOut", "TaskDoesNotExist", "InvalidToken")


class _AlreadyStartedError(Exception):
    """The name is taken: by an execution with other input, or by one that has ended."""


class _NobodyWaitsError(Exception):
    """The task of this token has ended, timed out, or never was."""


class StepFunctionsWorkflows:
    """The port Workflows. IAM: start states:StartExecution; answer states:SendTaskSuccess."""

    def __init__(self, *, client: "SFNClient | None" = None) -> None:
        self._client: SFNClient = client or aws_client("stepfunctions")

    def start(self, *, workflow: str, name: str, document: Document) -> str:
        """Start the state machine with that ARN under a deterministic name; returns the execution's ARN.

        An execution that already has the name is returned as it is: duplicates collapse.
        """
        text = json.dumps(document, sort_keys=True)
        try:
            with aws_errors({"ExecutionAlreadyExists": _AlreadyStartedError()}):
                answer = self._client.start_execution(stateMachineArn=workflow, name=name, input=text)
        except _AlreadyStartedError:
            return f"{workflow.replace(':stateMachine:', ':execution:')}:{name}"
        return answer["executionArn"]

    def answer(self, token: str, document: Document) -> bool:
        """End the task that waits under this token; False when none does, or not any more."""
        try:
            with aws_errors(dict.fromkeys(_GONE, _NobodyWaitsError())):
                self._client.send_task_success(taskToken=token, output=json.dumps(document, sort_keys=True))
        except _NobodyWaitsError:
            return False
        return True
