"""`lambdaloop cost`: what the stacks cost in a month, before they are deployed, and how much of it while nobody uses them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from infra.costs import prices
from infra.costs.estimate import Estimate, estimate
from infra.costs.idle import feature_lines, idle_lines, storage_lines
from infra.costs.line import Line, free_usd
from infra.costs.usage import Usage
from scripts.cli.output import AsJson, console, print_json, print_table
from scripts.cli.stacks import stack_names
from scripts.cli.synthesis import SynthesisFailedError, Templates, read_templates, synthesize

_DEFAULT = Usage()


def cost(
    model: Annotated[
        list[str] | None, typer.Argument(help="Names of models (default: all in --models).")
    ] = None,
    requests: Annotated[
        float, typer.Option(help="Requests of each model in a month.", min=0)
    ] = _DEFAULT.requests,
    rows_per_request: Annotated[
        float, typer.Option(help="Rows in a request.", min=1)
    ] = _DEFAULT.rows_per_request,
    request_ms: Annotated[
        float, typer.Option(help="What Lambda bills for a warm request.", min=1)
    ] = _DEFAULT.request_ms,
    cold_starts: Annotated[
        float, typer.Option(help="Share of the requests that start a process.", min=0, max=1)
    ] = _DEFAULT.cold_starts,
    labels: Annotated[
        float, typer.Option(help="Labels posted one by one in a month.", min=0)
    ] = _DEFAULT.labels,
    trainings: Annotated[
        float, typer.Option(help="Trainings of each model in a month.", min=0)
    ] = _DEFAULT.trainings,
    candidate_seconds: Annotated[
        float, typer.Option(help="To fit and judge one candidate.", min=0, max=900)
    ] = _DEFAULT.candidate_seconds,
    watch_seconds: Annotated[
        float, typer.Option(help="One run of the watch.", min=0, max=900)
    ] = _DEFAULT.watch_seconds,
    storage_gb: Annotated[
        float, typer.Option(help="In the buckets, of all models together.", min=0)
    ] = _DEFAULT.storage_gb,
    feature_gb: Annotated[
        float, typer.Option(help="Stored features in their table, of all models together.", min=0)
    ] = _DEFAULT.feature_gb,
    feature_puts: Annotated[
        float, typer.Option(help="Rows of stored features put in a month, for all models together.", min=0)
    ] = _DEFAULT.feature_puts,
    free_tier: Annotated[
        bool, typer.Option("--free-tier", help="Take off what is free for good in each account.")
    ] = False,
    models: Annotated[Path, typer.Option(help="Folder of model definitions.")] = Path("models"),
    templates: Annotated[
        Path | None,
        typer.Option(help="Folder of synthesized templates, such as cdk.out (default: synthesize now)."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Estimate a month, from the templates and what you expect: in all, while idle, and for 1,000 predictions.

    List prices of us-east-1; an estimate is no bill.
    """
    usage = Usage(
        requests=requests,
        rows_per_request=rows_per_request,
        request_ms=request_ms,
        cold_starts=cold_starts,
        labels=labels,
        trainings=trainings,
        candidate_seconds=candidate_seconds,
        watch_seconds=watch_seconds,
        storage_gb=storage_gb,
        feature_gb=feature_gb,
        feature_puts=feature_puts,
    )
    stacks = synthesize(models, stage=stack_names().name) if templates is None else read_templates(templates)
    estimates, shared = _estimates(stacks, models, model or [], usage, source=templates or models)
    lines = [*shared, *(line for each in estimates for line in each.lines)]
    free = free_usd(lines) if free_tier else {}
    if as_json:
        print_json(as_document(estimates, shared, free))
    else:
        _print(estimates, shared, free)


def _estimates(
    stacks: Templates, models: Path, chosen: list[str], usage: Usage, *, source: Path
) -> tuple[list[Estimate], list[Line]]:
    """Each model's estimate, and the lines that no model has alone. Templates of other stages, or of models that are gone, are left alone."""
    from lambdaloop.definition_schema import load_definitions  # takes longer to load than other commands take

    names = stack_names()
    definitions = {each.name: each for each in load_definitions(models)}
    for name in chosen:
        if name not in definitions:
            raise typer.BadParameter(
                f"no model {name!r} in {models}: there are {', '.join(definitions) or 'none'}"
            )
    estimates = [
        estimate(_template(stacks, names.model_stack(name), source), definitions[name], usage)
        for name in chosen or definitions
    ]
    optional = [stacks[each] for each in (names.feature_stack, names.deployer_stack) if each in stacks]
    shared = [
        *(
            line
            for template in (_template(stacks, names.platform_stack, source), *optional)
            for line in idle_lines(template, usage)
        ),
        *storage_lines(usage),
        *(feature_lines(usage) if names.feature_stack in stacks else []),
    ]
    return estimates, [line for line in shared if line.units]


def _template(stacks: Templates, stack: str, source: Path) -> Mapping[str, Any]:
    if stack not in stacks:
        raise SynthesisFailedError(
            f"{source} has no template of {stack}, only of {', '.join(stacks)}: it is of another stage, or older than the "
            f"model; run `{stack_names().cdk('synth')}` again, or leave --templates out"
        )
    return stacks[stack]


def as_document(estimates: list[Estimate], shared: list[Line], free: Any) -> dict[str, Any]:
    """What programs are told: dollars a month, every line with its units and price."""
    all_lines = sum(each.usd for each in estimates) + sum(line.usd for line in shared)
    return {
        "region": prices.REGION,
        "prices_as_of": prices.AS_OF,
        "usd_per_month": all_lines - sum(free.values()),
        "free_usd": dict(free),
        "shared": [_line(line) for line in shared],
        "models": [
            {
                "model": each.model,
                "usd_per_month": each.usd,
                "idle_usd_per_month": each.idle_usd,
                "usd_per_thousand_predictions": each.usd_per_thousand,
                "services": each.by_service,
                "lines": [_line(line) for line in each.lines],
            }
            for each in estimates
        ],
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "what": line.what,
        "service": line.price.service,
        "units": line.units,
        "unit": line.price.unit,
        "usd_per_unit": line.price.usd,
        "usd": line.usd,
        "idle": line.idle,
        "source": line.price.source,
    }


def _print(estimates: list[Estimate], shared: list[Line], free: Any) -> None:
    services = dict.fromkeys(service for each in estimates for service in each.by_service)
    rows = [(name, *(f"{each.by_service.get(name, 0):.2f}" for each in estimates)) for name in services]
    rows += [
        ("all", *(f"{each.usd:.2f}" for each in estimates)),
        ("of it while idle", *(f"{each.idle_usd:.2f}" for each in estimates)),
        (
            "1,000 more predictions",
            *("–" if each.usd_per_thousand is None else f"{each.usd_per_thousand:.4f}" for each in estimates),
        ),
    ]
    print_table("Dollars a month", ("", *(each.model for each in estimates)), rows)
    together = sum(line.usd for line in shared)
    console.print(f"Shared by all models: ${together:.2f} ({', '.join(line.what for line in shared)})")
    if free:
        console.print(f"Free in each account: -${sum(free.values()):.2f} ({', '.join(free)})")
    total = sum(each.usd for each in estimates) + together - sum(free.values())
    console.print(f"Together ${total:.2f} a month, at list prices of {prices.REGION} ({prices.AS_OF}).")
