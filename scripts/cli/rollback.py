"""`lambdaloop rollback`: all traffic back to a release that was live before, at once."""

import getpass
from collections.abc import Callable
from typing import Annotated, Protocol

import typer
from botocore.exceptions import BotoCoreError, ClientError

from lambdaloop.adapters.aws_client import aws_client
from lambdaloop.adapters.aws_clock import AwsClock
from lambdaloop.adapters.dynamo_registry import DynamoRegistry
from lambdaloop.adapters.lambda_traffic import LambdaTraffic
from lambdaloop.domain.documents import to_document
from lambdaloop.domain.errors import BackendUnavailableError
from lambdaloop.domain.experiment_serving import serves_arms
from lambdaloop.ports import ExperimentLog, ReleaseLog
from lambdaloop.services.return_to_release import Returned, ReturnRequest, return_to_release
from scripts.cli.arguments import Model, complete_releases
from scripts.cli.caller import caller_name
from scripts.cli.experiment import advance
from scripts.cli.invoking import FunctionRefusedError
from scripts.cli.output import AsJson, console, print_json, progress_console
from scripts.cli.stacks import Deployment, NotDeployedError, find_deployment, stack_names

_UNREACHABLE = (BackendUnavailableError, ClientError, BotoCoreError)
"""A registry that is down, gone or forbidden: none of it may keep traffic where it does harm."""


class _Records(ReleaseLog, ExperimentLog, Protocol):
    """The part of the registry that knows what serves."""


def rollback(
    model: Model,
    to: Annotated[
        int | None,
        typer.Option(
            help="Release to go back to (default: the one before).", autocompletion=complete_releases
        ),
    ] = None,
    reason: Annotated[str, typer.Option(help="Why, for the audit trail.")] = "asked for on the command line",
    as_json: AsJson = False,
) -> None:
    """Send all traffic back to the release that was live before, in seconds; a release that is under way is ended.

    Without --to it takes back the newest release that has traffic. Running it again changes nothing, and writes the record
    if that is missing: then the exit status is 1, though traffic is back. Going back further needs --to.
    """
    deployment = find_deployment(model)
    registry, client = _impatient_registry(deployment), aws_client("lambda")
    returned = return_to_release(
        ReturnRequest(model=model, to=to, by=_caller(), reason=reason),
        releases=registry,
        traffic=LambdaTraffic(function=deployment.inference_function, client=client),
        clock=AwsClock(client),
        unreachable=_UNREACHABLE,
    )
    if as_json:
        print_json(to_document(returned))
    else:
        console.print(story(model, returned), style="green", markup=False)
    if returned.unrecorded is not None:
        progress_console.print(unrecorded_story(model, returned), style="yellow", markup=False)
        raise typer.Exit(1)
    if told := experiment_story(
        model, returned.release, registry=registry, advance=lambda: advance(deployment)
    ):
        progress_console.print(told, style="yellow", markup=False)


def _caller() -> str:
    """Who rolls back, for the record; the name on this machine where AWS does not say at once."""
    try:
        return caller_name(aws_client("sts", read_seconds=2, attempts=1))
    except (ClientError, BotoCoreError):
        return getpass.getuser()


def _impatient_registry(deployment: Deployment) -> DynamoRegistry:
    """One that says within seconds that it is down, while traffic waits."""
    client = aws_client("dynamodb", read_seconds=2, attempts=2)
    return DynamoRegistry(table=deployment.registry_table, client=client)


def experiment_story(model: str, release: int, *, registry: _Records, advance: Callable[[], object]) -> str:
    """Have an experiment that lost its traffic to this release end at once; what became of it, empty without one."""
    try:
        experiment = registry.current_experiment(model)
        if experiment is None or serves_arms(registry.release(model, release), experiment):
            return ""
        advance()
        experiment = registry.experiment(model, experiment.id)
    except (*_UNREACHABLE, FunctionRefusedError, NotDeployedError) as error:
        return f"An experiment that is under way ends within the hour, when its workflow comes by: {error}"
    return f"Experiment {experiment.id} is {experiment.status}: {experiment.conclusion}"


def story(model: str, returned: Returned) -> str:
    """What happened, in a sentence or two."""
    where = f"release {returned.release} of {model} (Lambda version {returned.lambda_version})"
    left = f" instead of release {returned.left}" if returned.left else ""
    if returned.moved:
        told = f"All traffic goes to {where}{left}."
    else:
        told = f"All traffic was at {where} already; going further back needs --to."
    ended = ", ".join(str(number) for number in returned.ended)
    return f"{told} Under way and ended by this: release {ended}." if ended else told


def unrecorded_story(model: str, returned: Returned) -> str:
    """Which records are missing, and how to write them."""
    left = f"release {returned.left} rolled back, " if returned.left else ""
    return (
        f"The registry does not say so yet, because it cannot be used: {returned.unrecorded}\n"
        f"Missing are: release {returned.release} live, {left}the alias champion, the event. "
        f"`{stack_names().command(f'rollback {model} --to {returned.release}')}` writes them as soon as the registry is back; "
        "until then no other release can start."
    )
