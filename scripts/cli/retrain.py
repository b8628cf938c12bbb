"""`lambdaloop retrain`: ask the governor for a training, and follow it."""

import json
import uuid
from typing import Annotated, Any

import boto3
import typer

from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import LambdaloopError
from scripts.cli.arguments import Model
from scripts.cli.caller import caller_name
from scripts.cli.executions import follow
from scripts.cli.output import AsJson, console, print_json, print_table
from scripts.cli.stacks import Deployment, NotDeployedError, find_deployment, stack_names
from scripts.cli.train import report


class GovernorFailedError(LambdaloopError):
    """The governor's function gave no answer but an error; asking again is safe."""


def retrain(
    model: Model,
    reason: Annotated[str, typer.Option(help="Why, for the decision.")] = "asked for on the command line",
    wait: Annotated[bool, typer.Option(help="Follow the training to its end.")] = True,
    as_json: AsJson = False,
) -> None:
    """Train again, also on what was captured and labelled since; the governor keeps the decision.

    A person overrides what keeps automatic trainings back, but not one that is running, nor the limits of the week and the
    budget of the month. The exit status is 1 when the governor refuses and when the training fails.
    """
    answer = ask_governor(find_deployment(model), requested_by=caller_name(), reason=reason)
    if as_json:
        print_json(answer)
    else:
        print_table(
            f"Decision {answer['id']}",
            ("check", "passed", "reason"),
            ((each["name"], "yes" if each["passed"] else "no", each["reason"]) for each in answer["checks"]),
        )
        console.print(answer["reason"], style="green" if answer["retrain"] else "yellow", markup=False)
    if not answer["retrain"]:
        raise typer.Exit(1)
    if not wait:
        return
    execution = follow(answer["execution"])
    if not execution.succeeded:
        raise typer.Exit(1)
    if not as_json:
        report(execution)


def ask_governor(deployment: Deployment, *, requested_by: str, reason: str) -> Document:
    """The governor's answer to this person; the training that it starts has begun then."""
    if deployment.governor_function is None:
        raise NotDeployedError(
            f"the stack of {deployment.model} has no governor yet: run `{stack_names().cdk('deploy --all')}`"
        )
    event = {"cause": "person", "id": uuid.uuid4().hex, "requested_by": requested_by, "reason": reason}
    client: Any = boto3.client("lambda")
    response = client.invoke(FunctionName=deployment.governor_function, Payload=json.dumps(event).encode())
    answer: Document = json.loads(response["Payload"].read())
    if "FunctionError" in response:
        raise GovernorFailedError(f"the governor failed: {answer.get('errorMessage', answer)}: ask again")
    return answer
