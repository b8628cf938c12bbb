"""What a deployment costs while nobody uses it: every line with its price, from the templates themselves."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from infra.costs import prices
from infra.costs.deployed_model import DeployedModel
from infra.costs.line import Line
from infra.costs.resource_types import Idle
from infra.costs.usage import HOURS, Usage
from infra.costs.watch_metrics import ALWAYS
from infra.costs.workflow_steps import transitions

POLLS_A_MONTH = 5 * HOURS * 3600 / 20
"""Lambda asks an empty queue with five pollers, each of which waits for twenty seconds."""
_MONTH_SECONDS = HOURS * 3600
_LOOK_SECONDS = 1.0
_KEPT_SNAPSHOTS = 2
"""The live version and the bootstrap one; release.keep_lambda_versions keeps more as releases come."""


def idle_lines(template: Mapping[str, Any], usage: Usage) -> list[Line]:
    """What one stack costs in a month in which nobody asks it anything."""
    stack = DeployedModel(template)
    return [
        *_alarms_and_dashboards(stack),
        *_scheduled(stack, usage),
        *_polled(stack),
        *_snapshots(stack),
        *_keys(stack),
    ]


def storage_lines(usage: Usage) -> list[Line]:
    """What lies in buckets and in the registry, of all models together."""
    return [
        Line(what="buckets", price=prices.S3_GB, units=usage.storage_gb, idle=True),
        Line(what="registry", price=prices.DYNAMODB_GB, units=usage.registry_gb, idle=True),
        Line(
            what="recovery of the registry",
            price=prices.DYNAMODB_BACKUP_GB,
            units=usage.registry_gb,
            idle=True,
        ),
    ]


def feature_lines(usage: Usage) -> list[Line]:
    """What lies in the table of stored features and is put there, of all models together."""
    units = usage.feature_gb
    return [
        Line(what="stored features", price=prices.DYNAMODB_GB, units=units, idle=True),
        Line(what="recovery of stored features", price=prices.DYNAMODB_BACKUP_GB, units=units, idle=True),
        # Each row is looked up, consistently, in case it is a newer one that is there, and written.
        Line(what="stored features: puts, looked up", price=prices.DYNAMODB_READ, units=usage.feature_puts),
        Line(what="stored features: puts", price=prices.DYNAMODB_WRITE, units=usage.feature_puts),
    ]


def idle_kinds(templates: Sequence[Mapping[str, Any]]) -> Mapping[Idle, int]:
    """How many resources of each kind there are in all templates; raises for what is unknown or always on."""
    counted = dict.fromkeys(Idle, 0)
    for template in templates:
        for kind, found in DeployedModel(template).by_idle.items():
            counted[kind] += len(found)
    return counted


def _alarms_and_dashboards(stack: DeployedModel) -> Iterator[Line]:
    yield Line(what="alarms", price=prices.ALARM_METRIC, units=stack.alarm_metrics, idle=True)
    composite = len(stack.of_type("AWS::CloudWatch::CompositeAlarm"))
    yield Line(what="composite alarms", price=prices.COMPOSITE_ALARM, units=composite, idle=True)
    large = sum(metrics > prices.DASHBOARD_METRICS for metrics in stack.dashboards)
    small = len(stack.dashboards) - large
    yield Line(what="dashboards", price=prices.DASHBOARD, units=small, idle=True)
    yield Line(what="large dashboards", price=prices.LARGE_DASHBOARD, units=large, idle=True)


def _scheduled(stack: DeployedModel, usage: Usage) -> Iterator[Line]:
    for logical_id, starts in stack.schedules.items():
        is_watch = "Watch" in logical_id
        # A look that finds no experiment takes the shortest way.
        steps = starts * transitions(stack.workflows[logical_id], way=max if is_watch else min)
        name = "watch" if is_watch else "look at experiments"
        yield Line(what=f"{name}: steps", price=prices.TRANSITION, units=steps, idle=True)
        yield Line(what=f"{name}: starts", price=prices.SCHEDULED_START, units=starts, idle=True)
        yield Line(what=f"{name}: traces", price=prices.TRACE, units=starts, idle=True)
        memory = stack.memory_gb["watch_model" if is_watch else "advance_experiment"]
        seconds = usage.watch_seconds if is_watch else _LOOK_SECONDS
        yield Line(
            what=f"{name}: function",
            price=prices.LAMBDA_GB_SECOND,
            units=starts * memory * seconds,
            idle=True,
        )
        if is_watch:
            yield Line(
                what="metrics of the watch",
                price=prices.METRIC,
                units=len(ALWAYS) * starts / HOURS,
                idle=True,
            )


def _polled(stack: DeployedModel) -> Iterator[Line]:
    asked = len(stack.by_idle[Idle.POLLING]) * POLLS_A_MONTH
    yield Line(what="polled queues", price=prices.QUEUE_REQUEST, units=asked, idle=True)


def _snapshots(stack: DeployedModel) -> Iterator[Line]:
    if stack.snapshot_gb:
        kept = stack.snapshot_gb * _KEPT_SNAPSHOTS * _MONTH_SECONDS
        yield Line(what="kept snapshots", price=prices.SNAPSHOT_GB_SECOND, units=kept, idle=True)


def _keys(stack: DeployedModel) -> Iterator[Line]:
    yield Line(what="keys", price=prices.KEY, units=len(stack.of_type("AWS::KMS::Key")), idle=True)
    secrets = len(stack.of_type("AWS::SecretsManager::Secret"))
    yield Line(what="secrets", price=prices.SECRET, units=secrets, idle=True)
