"""`lambdaloop releases`: what serves, what served, and starting a release by hand."""

import uuid
from typing import Annotated

import typer

from lambdaloop.adapters.dynamo_registry import DynamoRegistry
from lambdaloop.adapters.lambda_traffic import LambdaTraffic
from lambdaloop.adapters.step_functions import StepFunctionsWorkflows
from lambdaloop.domain.documents import to_document
from lambdaloop.domain.errors import VersionNotFoundError
from lambdaloop.domain.judgement_words import figures_of, newest_of_each_step, title_of
from scripts.cli.arguments import Model, ReleaseNumber, complete_versions
from scripts.cli.caller import caller_name
from scripts.cli.executions import follow
from scripts.cli.output import AsJson, console, print_fields, print_json, print_table
from scripts.cli.stacks import find_deployment, stack_names

app = typer.Typer(help="Releases: list, show, start, approve, reject.", no_args_is_help=True)


@app.command("list")
def list_releases(model: Model, as_json: AsJson = False) -> None:
    """List the releases of a model, newest first, and where the traffic goes."""
    deployment = find_deployment(model)
    releases = DynamoRegistry(table=deployment.registry_table).releases(model)
    routing = LambdaTraffic(function=deployment.inference_function).routing()
    if as_json:
        print_json(
            {"releases": [to_document(release) for release in releases], "traffic": to_document(routing)}
        )
        return
    print_table(
        f"Releases of {model}",
        ("release", "status", "version", "lambda", "opened", "outcome"),
        (
            (r.number, r.status, r.version, r.lambda_version, f"{r.created_at:%Y-%m-%d %H:%M}", r.outcome)
            for r in releases
        ),
    )
    split = f", {routing.weight:.0%} to Lambda version {routing.candidate}" if routing.candidate else ""
    console.print(f"Traffic: Lambda version {routing.stable}{split}")


@app.command("show")
def show_release(
    model: Model,
    number: ReleaseNumber,
    as_json: AsJson = False,
) -> None:
    """Show one release and every judgement with its numbers."""
    release = DynamoRegistry(table=find_deployment(model).registry_table).release(model, number)
    document = to_document(release)
    if as_json:
        print_json(document)
        return
    print_fields(
        f"{model} release {number}", {k: v for k, v in document.items() if k not in ("judgements", "schema")}
    )
    print_table(
        "Judgements",
        ("stage", "share", "at", "verdict", "reasons"),
        (
            (
                f"step {j.step + 1}" if j.kind == "step" else j.kind,
                f"{j.weight:.0%}",
                f"{j.at:%Y-%m-%d %H:%M:%S}",
                j.verdict,
                "; ".join(j.reasons),
            )
            for j in release.judgements
        ),
    )
    for judgement in newest_of_each_step(release.judgements):
        if judgement.numbers:
            print_table(
                f"Figures of {title_of(judgement)}",
                ("", "new version", "version before", "expected by training"),
                figures_of(judgement),
            )


@app.command("start")
def start_release(
    model: Model,
    version: Annotated[
        int | None,
        typer.Option(help="Version to release (default: the newest).", autocompletion=complete_versions),
    ] = None,
    reason: Annotated[str, typer.Option(help="Why, for the audit trail.")] = "asked for on the command line",
    wait: Annotated[bool, typer.Option(help="Follow it to its end.")] = True,
    as_json: AsJson = False,
) -> None:
    """Release a version with the code that is deployed now: after a code deploy, this is what moves traffic to it."""
    deployment = find_deployment(model)
    registry = DynamoRegistry(table=deployment.registry_table)
    if version is None:
        newest = registry.versions(model)
        if not newest:
            raise VersionNotFoundError(
                f"{model} has no version yet: run `{stack_names().command(f'train {model}')}`"
            )
        version = newest[0].number
    registry.version(model, version)
    execution = StepFunctionsWorkflows().start(
        workflow=deployment.release_workflow,
        name=f"{model}-v{version}-{uuid.uuid4().hex[:12]}",
        document={"model": model, "version": version, "requested_by": caller_name(), "reason": reason},
    )
    if not as_json:
        console.print(f"Started {execution}", highlight=False)
    ended = follow(execution) if wait else None
    if as_json:
        print_json({"execution": execution, "status": ended.status if ended else "RUNNING"})
    if ended is None:
        return
    if not ended.succeeded:
        raise typer.Exit(1)
    if not as_json:
        console.print(f"Released. Next: `{stack_names().command(f'releases list {model}')}`", highlight=False)
