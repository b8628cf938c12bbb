"""What an estimate needs to know of a model's template: functions and their memory, workflows, schedules, alarms."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from infra.costs.resource_types import Idle, classify
from infra.costs.usage import HOURS
from infra.state_machines import state_machines


@dataclass(frozen=True)
class DeployedModel:
    """One stack's template, asked about what costs money."""

    template: Mapping[str, Any]

    @cached_property
    def by_idle(self) -> Mapping[Idle, list[tuple[str, Mapping[str, Any]]]]:
        """Logical ids and properties by what they cost while idle."""
        found: dict[Idle, list[tuple[str, Mapping[str, Any]]]] = {each: [] for each in Idle}
        for logical_id, resource, idle in classify(self.template):
            found[idle].append((logical_id, resource.get("Properties", {})))
        return found

    def of_type(self, name: str) -> dict[str, Mapping[str, Any]]:
        """Properties by logical id."""
        resources: Mapping[str, Any] = self.template["Resources"]
        return {id_: each.get("Properties", {}) for id_, each in resources.items() if each["Type"] == name}

    @cached_property
    def dashboards(self) -> list[int]:
        """How many metrics each refers to, one that is drawn with two statistics counted twice."""
        bodies = self.of_type("AWS::CloudWatch::Dashboard").values()
        return [_metrics_of_dashboard(each["DashboardBody"]) for each in bodies]

    @property
    def alarm_metrics(self) -> int:
        """Metrics that alarms look at: AWS charges for each, and an expression over two of them is two."""
        return sum(_metrics_of(alarm) for alarm in self.of_type("AWS::CloudWatch::Alarm").values())

    @cached_property
    def memory_gb(self) -> Mapping[str, float]:
        """By verb."""
        functions = self.of_type("AWS::Lambda::Function").values()
        return {each["Handler"].split(".")[1]: each["MemorySize"] / 1024 for each in functions}

    @cached_property
    def workflows(self) -> Mapping[str, Mapping[str, Any]]:
        """Definitions by logical id."""
        return dict(state_machines(dict(self.template)))

    def workflow(self, part: str) -> Mapping[str, Any] | None:
        """The state machine with that word in its logical id, if the stack has one."""
        return next((each for name, each in self.workflows.items() if part in name), None)

    @cached_property
    def schedules(self) -> Mapping[str, float]:
        """How often in a month each schedule starts its state machine, by the logical id of that."""
        found = self.of_type("AWS::Scheduler::Schedule").values()
        return {each["Target"]["Arn"]["Ref"]: starts_in_a_month(each["ScheduleExpression"]) for each in found}

    @property
    def snapshot_gb(self) -> float:
        """Memory of the functions of which each published version is kept as a snapshot."""
        return sum(float(each["MemorySize"]) / 1024 for _, each in self.by_idle[Idle.SNAPSHOT])


def starts_in_a_month(expression: str) -> float:
    """Of a cron expression whose minute is fixed, or of a rate.

    >>> round(starts_in_a_month("cron(10 * * * ? *)")), round(starts_in_a_month("cron(10 0/6 * * ? *)"))
    (730, 122)
    >>> round(starts_in_a_month("rate(1 day)"))
    30
    """
    kind, _, rest = expression.rstrip(")").partition("(")
    if kind == "rate":
        number, unit = rest.split()
        hours = {"minute": 1 / 60, "hour": 1.0, "day": 24.0}[unit.rstrip("s")]
        return HOURS / (float(number) * hours)
    hour = rest.split()[1]
    if hour == "*":
        return HOURS
    if "/" in hour:
        return HOURS / float(hour.split("/")[1])
    return HOURS / 24 * len(hour.split(","))


def _metrics_of_dashboard(body: Any) -> int:
    parts = [body] if isinstance(body, str) else body["Fn::Join"][1]
    # What CloudFormation fills in are names within texts.
    document = json.loads("".join(each if isinstance(each, str) else "?" for each in parts))
    return sum(len(widget["properties"].get("metrics", ())) for widget in document["widgets"])


def _metrics_of(alarm: Mapping[str, Any]) -> int:
    return sum("MetricStat" in each for each in alarm["Metrics"]) if "Metrics" in alarm else 1
