"""`lambdaloop local`: the local cloud, up and down, and what its functions log."""

import os
import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

import boto3
import typer

from scripts.cli import cdk
from scripts.cli.local_process import (
    DEFAULT_STATE,
    LocalCloud,
    LocalCloudError,
    find_local_cloud,
    start_local_cloud,
)
from scripts.cli.output import AsJson, console, print_fields, print_json, progress_console
from scripts.cli.stacks import find_deployment

app = typer.Typer(
    help="An embedded AWS on this machine, for trying and testing offline.", no_args_is_help=True
)

State = Annotated[Path, typer.Option(help="Folder of its state.")]


@app.command()
def up(
    state: State = DEFAULT_STATE,
    speed: Annotated[float, typer.Option(help="Virtual seconds per real second; 0 freezes time.")] = 1.0,
) -> None:
    """Start the local cloud and print the environment that points to it."""
    cloud = start_local_cloud(state, speed=speed, keep=True)
    for name, value in cloud.environment.items():
        typer.echo(f"export {name}={value}")
    progress_console.print(
        f"Local cloud is up (process {cloud.pid}). Next: `lambdaloop local deploy`.", style="dim"
    )


@app.command()
def deploy(
    state: State = DEFAULT_STATE,
    models: Annotated[Path, typer.Option(help="Folder of model definitions.")] = Path("models"),
) -> None:
    """Run `cdk bootstrap` and `cdk deploy --all` against the running local cloud."""
    cloud = _running(state)
    cdk.bootstrap(environment=cloud.environment, tell=typer.echo)
    cdk.deploy(models=models, output=state / "cdk.out", environment=cloud.environment, tell=typer.echo)


@app.command()
def down(state: State = DEFAULT_STATE) -> None:
    """Stop the local cloud and remove its state."""
    _running(state).stop()
    shutil.rmtree(state, ignore_errors=True)
    console.print("Local cloud is down.")


@app.command()
def status(state: State = DEFAULT_STATE, as_json: AsJson = False) -> None:
    """Show whether it runs, its virtual time and what it holds."""
    cloud = _running(state)
    document = {"endpoint_url": cloud.endpoint_url, **cloud.control("status")}
    if as_json:
        print_json(document)
    else:
        print_fields("Local cloud", document)


@app.command()
def logs(
    function: Annotated[
        str | None, typer.Argument(help="A function's name; the model's inference function if a model.")
    ] = None,
    state: State = DEFAULT_STATE,
    lines: Annotated[int, typer.Option(help="How many of the last lines.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Print a function's log, or the names of the log groups."""
    os.environ |= _running(state).environment
    client: Any = boto3.client("logs")
    groups = [
        g["logGroupName"]
        for page in client.get_paginator("describe_log_groups").paginate()
        for g in page["logGroups"]
    ]
    if function is None:
        if as_json:
            print_json(groups)
        else:
            typer.echo("\n".join(groups))
        return
    group = _log_group(function, groups)
    pages = client.get_paginator("filter_log_events").paginate(logGroupName=group)
    events = sorted(
        (event for page in pages for event in page["events"]), key=lambda event: event["timestamp"]
    )
    if as_json:
        print_json(
            [{"timestamp": event["timestamp"], "message": event["message"]} for event in events[-lines:]]
        )
        return
    for event in events[-lines:]:
        sys.stdout.write(event["message"].rstrip("\n") + "\n")


def _log_group(function: str, groups: list[str]) -> str:
    name = function
    if function not in groups:
        client: Any = boto3.client("lambda")
        known = [
            f["FunctionName"]
            for page in client.get_paginator("list_functions").paginate()
            for f in page["Functions"]
        ]
        name = function if function in known else find_deployment(function).inference_function
        configuration = client.get_function_configuration(FunctionName=name)
        name = configuration.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{name}"
    return name


def _running(state: Path) -> LocalCloud:
    cloud = find_local_cloud(state)
    if cloud is None:
        raise LocalCloudError(f"no local cloud is running in {state}: start one with `lambdaloop local up`")
    return cloud
