"""The runbook's table of what costs money while idle, written from a model's template and the price table."""

from collections.abc import Mapping
from typing import Any

from infra.costs import prices
from infra.costs.deployed_model import DeployedModel
from infra.costs.idle import POLLS_A_MONTH
from infra.costs.prices import Price
from infra.costs.resource_types import Idle
from infra.costs.usage import HOURS
from infra.costs.watch_metrics import ALWAYS, OF_FULL_WINDOWS, WHILE_USED
from infra.costs.workflow_steps import transitions
from lambdaloop.domain.monitoring_rules import MAX_FEATURE_METRICS


def idle_table(model: Mapping[str, Any], platform: Mapping[str, Any]) -> str:
    """Markdown: from the template of a plain model that is watched every hour, and of the platform."""
    own, shared = DeployedModel(model), DeployedModel(platform)
    rows = [
        (
            f"alarms, {own.alarm_metrics} for each model, and one more for each feature with `alarm: true` and for `max_label_delay_hours`",
            f"{_usd(prices.ALARM_METRIC)} a month each, beyond {prices.ALARM_METRIC.free:.0f} that are free",
        ),
        (
            f"metrics of the watch and the governor, {len(ALWAYS)} for each model; while it predicts up to {len(WHILE_USED + OF_FULL_WINDOWS)} more, and one for each captured feature ({MAX_FEATURE_METRICS} at most)",
            f"{_usd(prices.METRIC)} a month each when written every hour, a 24th of that with `every_hours: 24`; {prices.METRIC.free:.0f} are free",
        ),
        *_dashboards(own, shared),
        *_schedules(own),
        (
            "buckets; old versions of data and models are kept for good",
            f"{_usd(prices.S3_GB)} a GB and month, less for old versions of data",
        ),
        (
            "registry table and its point-in-time recovery",
            f"{_usd(prices.DYNAMODB_GB)} and {_usd(prices.DYNAMODB_BACKUP_GB)} a GB and month",
        ),
        ("logs, kept for 90 days", f"{_usd(prices.LOGS_KEPT_GB)} a GB and month, packed"),
        (
            "SnapStart, only where a definition has `snap_start: true`",
            f"about ${prices.SNAPSHOT_GB_SECOND.usd * HOURS * 3600:.2f} a month for each GB of memory **and published version**",
        ),
        *_polled(own, shared),
        *_keys(own, shared),
    ]
    lines = [
        f"| what | how much ({prices.REGION}) |",
        "|---|---|",
        *(f"| {what} | {cost} |" for what, cost in rows),
    ]
    lines += [
        "",
        "Everything else in the templates costs nothing while nobody uses it: every resource type is classified in `infra/costs/resource_types.py`, and",
        "`scripts/check` refuses a type that is not there, or a setting that AWS charges for by the hour.",
        f"Prices are AWS's list prices of {prices.AS_OF}; `lambdaloop cost` has the sum for your models.",
    ]
    return "\n".join(lines)


def _dashboards(own: DeployedModel, shared: DeployedModel) -> list[tuple[str, str]]:
    each, once = len(own.by_idle[Idle.DASHBOARD]), len(shared.by_idle[Idle.DASHBOARD])
    if not each + once:
        return []
    return [
        (
            f"dashboards, {each} for each model and {once} for the platform",
            f"{_usd(prices.DASHBOARD)} a month each, beyond {prices.DASHBOARD.free:.0f} in an account that are free with up to {prices.DASHBOARD_METRICS} metrics each",
        )
    ]


def _schedules(own: DeployedModel) -> list[tuple[str, str]]:
    rows = []
    for logical_id, starts in own.schedules.items():
        is_watch = "Watch" in logical_id
        steps = starts * transitions(own.workflows[logical_id], way=max if is_watch else min)
        steps_usd = steps * prices.TRANSITION.usd
        if is_watch:
            memory = own.memory_gb["watch_model"]
            second = starts * memory * prices.LAMBDA_GB_SECOND.usd
            cost = f"${second:.2f} a month for each second that a run takes ({memory * 1024:,.0f} MB), and ${steps_usd:.2f} for its {steps:,.0f} steps"
            rows.append(("the watch itself, every hour", cost))
        else:
            cost = f"${steps_usd:.2f} a month for its {steps:,.0f} steps, and less than a cent for the function that sees that there is none; while one runs, as the watch"
            rows.append(("the look at experiments, every hour", cost))
    return rows


def _polled(own: DeployedModel, shared: DeployedModel) -> list[tuple[str, str]]:
    each, once = len(own.by_idle[Idle.POLLING]), len(shared.by_idle[Idle.POLLING])
    if not each + once:
        return []
    cost = POLLS_A_MONTH * prices.QUEUE_REQUEST.usd
    return [
        (
            f"queues that Lambda reads, {each} for each model and {once} for the platform",
            f"${cost:.2f} a month each, beyond a million questions that are free (one queue takes {POLLS_A_MONTH:,.0f})",
        )
    ]


def _keys(own: DeployedModel, shared: DeployedModel) -> list[tuple[str, str]]:
    keys = len(own.by_idle[Idle.KEY]) + len(shared.by_idle[Idle.KEY])
    return (
        [("keys and secrets", f"{_usd(prices.KEY)} and {_usd(prices.SECRET)} a month each")] if keys else []
    )


def _usd(price: Price) -> str:
    return f"${price.usd:.3f}".rstrip("0").ljust(len("$0.00"), "0")
