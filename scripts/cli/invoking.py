"""Asks a function that is deployed, with the caller's own credentials."""

import json
from typing import Any

import boto3

from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import LambdaloopError
from scripts.cli.stacks import NotDeployedError, stack_names


class FunctionRefusedError(LambdaloopError):
    """The function answered with an error; nothing was changed, or asking again is safe."""


def ask(function: str | None, event: Document, *, what: str) -> Document:
    """The function's answer; FunctionRefusedError with its own words, NotDeployedError where there is no such function."""
    if function is None:
        raise NotDeployedError(f"{what} is not deployed yet: run `{stack_names().cdk('deploy --all')}`")
    client: Any = boto3.client("lambda")
    response = client.invoke(FunctionName=function, Payload=json.dumps(event).encode())
    answer: Document = json.loads(response["Payload"].read())
    if "FunctionError" in response:
        raise FunctionRefusedError(
            f"{answer.get('errorType', 'error')}: {answer.get('errorMessage', answer)}"
        )
    return answer
