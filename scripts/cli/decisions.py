"""`lambdaloop decisions`: why a model was trained again, and why it was not."""

from collections.abc import Sequence
from typing import Annotated

import typer

from lambdaloop.adapters.dynamo_registry import DynamoRegistry
from lambdaloop.domain.decision import Decision
from lambdaloop.domain.documents import to_document
from lambdaloop.domain.errors import DecisionNotFoundError
from scripts.cli.arguments import Model
from scripts.cli.output import AsJson, console, print_fields, print_json, print_table
from scripts.cli.stacks import find_deployment, stack_names

app = typer.Typer(help="The governor's decisions: list, show.", no_args_is_help=True)


@app.command("list")
def list_decisions(
    model: Model,
    limit: Annotated[int, typer.Option(help="How many of the newest.", min=1)] = 50,
    quiet: Annotated[
        bool, typer.Option("--all", help="Also those of watches that found nothing wrong.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List whether a model was trained again and why, newest first."""
    registry = DynamoRegistry(table=find_deployment(model).registry_table)
    decisions = registry.decisions(model, limit=limit, quiet=quiet)
    if as_json:
        print_json([to_document(decision) for decision in decisions])
        return
    print_decisions(model, decisions)


@app.command("show")
def show_decision(
    model: Model,
    decision: Annotated[str, typer.Argument(help="Id of the decision.")],
    as_json: AsJson = False,
) -> None:
    """Show one decision: every question that was asked, with the numbers that answered it."""
    found = DynamoRegistry(table=find_deployment(model).registry_table).decision(model, decision)
    if found is None:
        raise DecisionNotFoundError(
            f"model {model!r} has no decision {decision!r}: "
            f"list them with `{stack_names().command(f'decisions list {model} --all')}`"
        )
    if as_json:
        print_json(to_document(found))
    else:
        print_decision(found)


def print_decisions(model: str, decisions: Sequence[Decision]) -> None:
    """A line for each decision."""
    print_table(
        f"Decisions about {model}",
        ("time", "asked by", "trained", "reason", "id"),
        (
            (
                f"{each.at:%Y-%m-%d %H:%M}",
                _who(each),
                "yes" if each.retrain else "no",
                each.reason,
                each.id,
            )
            for each in decisions
        ),
    )


def print_decision(decision: Decision) -> None:
    """One decision as a person reads it."""
    print_fields(
        f"Decision {decision.id} about {decision.model}",
        {
            "time": decision.at,
            "asked by": _who(decision),
            "event": decision.inputs.get("event"),
            "run": decision.run,
        },
    )
    print_table(
        "Checks",
        ("check", "passed", "reason"),
        ((check.name, "yes" if check.passed else "no", check.reason) for check in decision.checks),
    )
    console.print(decision.reason, style="green" if decision.retrain else "yellow", markup=False)


def _who(decision: Decision) -> str:
    return decision.requested_by if decision.cause == "person" else decision.cause
