"""`lambdaloop train`: start the training workflow and follow it."""

import uuid
from datetime import UTC, datetime
from typing import Annotated

import typer

from lambdaloop.adapters.step_functions import StepFunctionsWorkflows
from lambdaloop.domain.documents import Document
from scripts.cli.arguments import Model
from scripts.cli.caller import caller_name
from scripts.cli.executions import Execution, follow
from scripts.cli.output import console, print_json
from scripts.cli.stacks import Deployment, find_deployment


def train(
    model: Model,
    reason: Annotated[str, typer.Option(help="Why, for the audit trail.")] = "asked for on the command line",
    wait: Annotated[bool, typer.Option(help="Follow the run to its end.")] = True,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the run's state document at its end.")
    ] = False,
) -> None:
    """Train, gate and register a version from the data under the model's location."""
    deployment = find_deployment(model)
    follow_run(
        start_training(deployment, requested_by=caller_name(), reason=reason), wait=wait, as_json=as_json
    )


def follow_run(arn: str, *, wait: bool, as_json: bool) -> None:
    """To its end, and say what it led to; typer.Exit 1 when it failed. Without `wait` only say that it was started."""
    if not wait:
        print_json({"execution": arn}) if as_json else console.print(f"Started {arn}")
        return
    execution = follow(arn)
    if as_json:
        print_json(execution.output)
    elif execution.succeeded:
        report(execution)
    if not execution.succeeded:
        raise typer.Exit(1)


def start_training(
    deployment: Deployment, *, requested_by: str, reason: str, imported: Document | None = None
) -> str:
    """Start a run under a new id; returns the execution's ARN. `imported`: what to import in the place of training."""
    run = f"{deployment.model}-{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
    document: Document = {
        "id": run,
        "model": deployment.model,
        "reason": reason,
        "requested_by": requested_by,
    }
    if imported:
        document["imported"] = imported
    return StepFunctionsWorkflows().start(
        workflow=deployment.training_workflow, name=run, document={"run": document}
    )


def report(execution: Execution) -> None:
    """Say in a line or two what a run led to."""
    evaluation = execution.output["evaluation"]
    metrics = ", ".join(
        f"{name} {value:.4f}" for name, value in evaluation["metrics"].items() if value is not None
    )
    if "version" in execution.output:
        console.print(
            f"Registered version {execution.output['version']['number']} ({evaluation['winner']}): {metrics}"
        )
    else:
        console.print(f"Rejected by the gate ({evaluation['winner']}): {metrics}", style="yellow")
