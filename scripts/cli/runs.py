"""`lambdaloop runs` and `lambdaloop events`: what was trained and why it ended as it did, and who changed what."""

from typing import Annotated

import typer

from lambdaloop.adapters.dynamo_registry import DynamoRegistry
from lambdaloop.domain.documents import to_document
from scripts.cli.arguments import Model
from scripts.cli.output import AsJson, print_fields, print_json, print_table
from scripts.cli.stacks import find_deployment

app = typer.Typer(help="Training runs: list, show.", no_args_is_help=True)


@app.command("list")
def list_runs(model: Model, as_json: AsJson = False) -> None:
    """List the runs of a model, newest first."""
    runs = DynamoRegistry(table=find_deployment(model).registry_table).runs(model)
    if as_json:
        print_json([to_document(run) for run in runs])
        return
    print_table(
        f"Runs of {model}",
        ("run", "status", "version", "started", "reason"),
        ((run.id, run.status, run.version, f"{run.started_at:%Y-%m-%d %H:%M}", run.reason) for run in runs),
    )


@app.command("show")
def show_run(
    model: Model, run: Annotated[str, typer.Argument(help="Id of the run.")], as_json: AsJson = False
) -> None:
    """Show one run and why it was registered, rejected or failed."""
    document = to_document(DynamoRegistry(table=find_deployment(model).registry_table).run(model, run))
    if as_json:
        print_json(document)
    else:
        print_fields(f"Run {run}", {name: value for name, value in document.items() if name != "schema"})


def events(
    model: Model,
    limit: Annotated[int, typer.Option(help="How many of the newest.", min=1)] = 50,
    as_json: AsJson = False,
) -> None:
    """Show the audit trail of a model, newest first: every change, who made it and when."""
    found = DynamoRegistry(table=find_deployment(model).registry_table).events(model, limit=limit)
    if as_json:
        print_json([to_document(event) for event in found])
        return
    print_table(
        f"Audit trail of {model}",
        ("time", "what", "who", "detail"),
        ((event.at, event.kind, event.actor, event.detail) for event in found),
    )
