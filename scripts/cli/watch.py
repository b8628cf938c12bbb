"""`lambdaloop watch`: a run of the watch by hand, for the window that ended with the last full hour before a time."""

import json
import uuid
from datetime import UTC, datetime
from typing import Annotated, Any

import boto3
import typer

from lambdaloop.adapters.aws_clock import AwsClock
from lambdaloop.settings import LIVE_ALIAS
from scripts.cli.arguments import Model
from scripts.cli.executions import follow
from scripts.cli.output import AsJson, console, print_json
from scripts.cli.stacks import find_deployment, find_output, stack_names


def watch(
    model: Model,
    at: Annotated[
        datetime | None,
        typer.Option(help="UTC (default: now).", formats=["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"]),
    ] = None,
    wait: Annotated[bool, typer.Option(help="Follow it to its end.")] = True,
    as_json: AsJson = False,
) -> None:
    """Watch a model now: judge what came in, and ask the governor. What the schedule missed is read as well."""
    workflow = find_output(stack_names().model_stack(model), "WatchWorkflow")
    moment = _cloud_time(model) if at is None else at.replace(tzinfo=UTC)
    client: Any = boto3.client("stepfunctions")
    arn: str = client.start_execution(
        stateMachineArn=workflow,
        name=f"{model}-by-hand-{uuid.uuid4().hex[:12]}",
        input=json.dumps({"at": f"{moment:%Y-%m-%dT%H:%M:%SZ}"}),
    )["executionArn"]
    if not wait:
        print_json({"execution": arn}) if as_json else console.print(f"Started {arn}", highlight=False)
        return
    execution = follow(arn)
    if as_json:
        print_json(execution.output)
    elif execution.succeeded:
        console.print(f"Watched. Next: `{stack_names().command(f'windows show {model}')}`", highlight=False)
    if not execution.succeeded:
        raise typer.Exit(1)


def _cloud_time(model: str) -> datetime:
    """The time of the cloud that the model is in: a local one may be ahead of this machine."""
    functions: Any = boto3.client("lambda")
    clock = AwsClock(functions)
    functions.get_alias(FunctionName=find_deployment(model).inference_function, Name=LIVE_ALIAS)
    return clock.now()
