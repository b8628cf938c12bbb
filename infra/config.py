"""What `cdk -c name=value` and cdk.json may say; the only other input of a synthesis is the checkout."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

from constructs import Node

from infra.alert_plan import read_alert_plan
from infra.costs import prices
from infra.deployers import Deployer, deployers_from_context
from infra.errors import ModelsFolderMissingError, UnknownDashboardsError
from infra.packages import Packages
from infra.route_limit import RouteLimit, read_route_limit
from infra.stages import StageSettings, stage_from_context
from infra.targets import find_target
from lambdaloop.definition_schema import load_definitions
from lambdaloop.domain.alert_rules import AlertPlan
from lambdaloop.domain.definition import ModelDefinition

Dashboards = Literal["none", "free", "all"]
FREE_DASHBOARDS = round(prices.DASHBOARD.free)
"""In an account, with so many metrics at most; every other one is paid for."""

PROJECT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, kw_only=True)
class Config:
    """The models to deploy and the packages to deploy them with."""

    definitions: Sequence[ModelDefinition]
    packages: Packages
    alerts: AlertPlan = field(default_factory=AlertPlan)
    dashboards: Dashboards = "free"
    route_limit: RouteLimit = field(default_factory=RouteLimit)
    stage: StageSettings = field(default_factory=StageSettings)
    deployers: Sequence[Deployer] = ()
    """Pipelines that may deploy."""

    @property
    def with_dashboard(self) -> frozenset[str]:
        """The models that get a dashboard of CloudWatch: AWS gives three for nothing, and the platform's is one of them."""
        names = sorted(definition.name for definition in self.definitions)
        return frozenset({"none": [], "free": names[: FREE_DASHBOARDS - 1], "all": names}[self.dashboards])

    @property
    def most_metrics(self) -> int | None:
        """In a dashboard, so that it is one of those for nothing."""
        return prices.DASHBOARD_METRICS if self.dashboards == "free" else None

    @classmethod
    def from_context(cls, node: Node) -> "Config":
        """Context `models`: the folder of definitions; `target`: python3.13-arm64, or host for the local cloud.

        `alerts`: who is told what, as in docs/alerts.md; `dashboards`: none, free (three) or all; `stage`, `deployers`
        and `route_limit`: their modules.
        """
        models: str = node.try_get_context("models") or "models"
        target: str = node.try_get_context("target") or "python3.13-arm64"
        if not (PROJECT / models).is_dir():
            raise ModelsFolderMissingError(
                f"models folder {models!r} does not exist: make it, or pass -c models=FOLDER"
            )
        stage = stage_from_context(node)
        return cls(
            definitions=[_at(stage, each) for each in load_definitions(PROJECT / models)],
            packages=Packages(root=PROJECT, target=find_target(target)),
            alerts=read_alert_plan(node.try_get_context("alerts")),
            dashboards=_dashboards(node.try_get_context("dashboards") or "free"),
            route_limit=read_route_limit(node.try_get_context("route_limit")),
            stage=stage,
            deployers=deployers_from_context(node, stage.stage),
        )


def _dashboards(wanted: str) -> Dashboards:
    for known in get_args(Dashboards):
        if wanted == known:
            chosen: Dashboards = known
            return chosen
    raise UnknownDashboardsError(f"context dashboards must be none, free or all, got {wanted!r}")


def _at(settings: StageSettings, definition: ModelDefinition) -> ModelDefinition:
    """The definition with its release's alarms by the names that they have in the stage."""
    alarms = tuple(settings.stage.alarm(name) for name in definition.release.alarms)
    return replace(definition, release=replace(definition.release, alarms=alarms))
