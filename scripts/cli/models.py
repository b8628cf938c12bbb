"""`lambdaloop models` and `lambdaloop alarms`: everything that is deployed at a glance, and what rings."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import boto3
import typer

from lambdaloop.adapters.dynamo_registry import DynamoRegistry
from lambdaloop.domain.alias import CHAMPION
from scripts.cli.arguments import complete_models
from scripts.cli.output import AsJson, console, print_json, print_table
from scripts.cli.stacks import NotDeployedError, stack_names


def models(as_json: AsJson = False) -> None:
    """List the deployed models: their champions, and how many of their alarms ring."""
    names = stack_names()
    stacks = _stacks()
    if names.platform_stack not in stacks:
        raise NotDeployedError(
            f"stack {names.platform_stack} does not exist: run `{names.cdk('deploy --all')}`"
        )
    outputs = {
        each["OutputKey"]: each["OutputValue"] for each in stacks[names.platform_stack].get("Outputs", [])
    }
    registry, prefix = DynamoRegistry(table=outputs["RegistryTable"]), names.model_stack("")
    ringing = [alarm["AlarmName"] for alarm in _alarms(names.alarm_prefix) if alarm["StateValue"] == "ALARM"]
    deployed = sorted(name.removeprefix(prefix) for name in stacks if name.startswith(prefix))
    found = []
    for model in deployed:
        champion = registry.alias(model, CHAMPION)
        # A model's name may begin like another one's: an alarm belongs to the longest name that fits.
        own = [alarm for alarm in ringing if _model_of(alarm, names.alarm_prefix, deployed) == model]
        found.append(
            {
                "model": model,
                "stack": stacks[names.model_stack(model)]["StackStatus"],
                "version": champion.version if champion else None,
                "release": champion.release if champion else None,
                "champion_since": champion.moved_at if champion else None,
                "alarms": own,
            }
        )
    if as_json:
        print_json(found)
        return
    print_table(
        "Models",
        ("model", "stack", "version", "release", "champion since", "alarms"),
        (
            (
                each["model"],
                each["stack"],
                each["version"],
                each["release"],
                each["champion_since"],
                len(each["alarms"]) or "none",
            )
            for each in found
        ),
    )
    if ringing:
        console.print(f"Next: `{names.command('alarms --ringing')}`", highlight=False)


def alarms(
    model: Annotated[
        str | None, typer.Argument(help="Name of the model (default: all).", autocompletion=complete_models)
    ] = None,
    ringing: Annotated[bool, typer.Option("--ringing", help="Only those that ring.")] = False,
    as_json: AsJson = False,
) -> None:
    """List alarms, what they mean and since when they are as they are; docs/operations.md says what to do about each."""
    prefix = stack_names().alarm_prefix + (f"{model}-" if model else "")
    found = [each for each in _alarms(prefix) if not ringing or each["StateValue"] == "ALARM"]
    if as_json:
        print_json(
            [
                {
                    "alarm": each["AlarmName"],
                    "state": each["StateValue"],
                    "since": each["StateUpdatedTimestamp"].isoformat(),
                    "reason": each.get("StateReason"),
                    "means": each.get("AlarmDescription"),
                }
                for each in found
            ]
        )
        return
    rows = (
        (each["AlarmName"], each["StateValue"], each["StateUpdatedTimestamp"], each.get("AlarmDescription"))
        for each in found
    )
    print_table("Alarms", ("alarm", "state", "since", "means"), rows)


def _model_of(alarm: str, prefix: str, deployed: list[str]) -> str | None:
    fitting = [name for name in deployed if alarm.startswith(f"{prefix}{name}-")]
    return max(fitting, key=len, default=None)


def _stacks() -> Mapping[str, Any]:
    client: Any = boto3.client("cloudformation")
    pages = client.get_paginator("describe_stacks").paginate()
    return {each["StackName"]: each for page in pages for each in page["Stacks"]}


def _alarms(prefix: str) -> Iterator[Mapping[str, Any]]:
    client: Any = boto3.client("cloudwatch")
    pages = client.get_paginator("describe_alarms").paginate(
        AlarmNamePrefix=prefix, AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    for page in pages:
        yield from page.get("MetricAlarms", [])
        yield from page.get("CompositeAlarms", [])
