"""`lambdaloop windows`: what the watch found, window by window."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from lambdaloop.adapters.dynamo_registry import DynamoRegistry
from lambdaloop.domain.documents import to_document
from lambdaloop.domain.errors import WindowNotFoundError
from lambdaloop.domain.outcomes import Estimate
from lambdaloop.domain.window import ColumnDrift, DriftReport, Performance, WindowReport
from scripts.cli.arguments import Model
from scripts.cli.output import AsJson, cell, console, print_fields, print_json, print_table
from scripts.cli.stacks import find_deployment

app = typer.Typer(help="What the watch found: list, show.", no_args_is_help=True)

_TIME_FORMATS = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"]
_SHOWN_FEATURES = 3


@app.command("list")
def list_windows(
    model: Model,
    limit: Annotated[int, typer.Option(help="How many of the newest.", min=1)] = 24,
    as_json: AsJson = False,
) -> None:
    """List the windows of a model, newest first: drift, and real and estimated performance."""
    registry = DynamoRegistry(table=find_deployment(model).registry_table)
    reports = registry.windows(model, limit=limit)
    if as_json:
        print_json([to_document(report) for report in reports])
        return
    print_windows(model, reports)


@app.command("show")
def show_window(
    model: Model,
    end: Annotated[
        datetime | None,
        typer.Argument(help="When it ended, UTC (default: the newest one).", formats=_TIME_FORMATS),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show one window: every feature's drift, and every metric, real and estimated, with its confidence interval."""
    registry = DynamoRegistry(table=find_deployment(model).registry_table)
    report = _newest(registry, model) if end is None else registry.window(model, end.replace(tzinfo=UTC))
    if as_json:
        print_json(to_document(report))
        return
    print_window(report)


def print_windows(model: str, reports: Sequence[WindowReport]) -> None:
    """A line for each window."""
    print_table(
        f"Windows of {model}",
        ("end", "status", "release", "rows", "drift share", "drifted", "drop", "estimated drop", "labels"),
        (
            (
                f"{each.end:%Y-%m-%d %H:%M}",
                each.status,
                each.release,
                each.drift and each.drift.rows,
                each.drift and each.drift.share,
                _some(each.drift.drifted) if each.drift else None,
                each.performance and each.performance.drop,
                each.estimated and each.estimated.drop,
                each.new_labels,
            )
            for each in reports
        ),
    )


def print_window(report: WindowReport) -> None:
    """One window as a person reads it."""
    print_fields(
        f"Window of {report.model}",
        {
            "from": report.start,
            "to": report.end,
            "status": report.status,
            "reason": report.reason,
            "release": report.release,
            "version": report.version,
            "new predictions": report.new_rows,
            "new labels": report.new_labels,
            "unreadable lines": f"{report.quarantined} of {report.lines}",
            "not captured": None if report.capture_loss is None else f"{report.capture_loss:.1%}",
            "label delay, h": report.label_delay_hours,
            "estimator's error": report.estimator_error,
            "notes": "; ".join(report.notes) or None,
        },
    )
    if report.drift is not None:
        print_table(
            f"Drift over {report.drift.rows} rows, share {cell(report.drift.share)}",
            ("column", "status", "method", "distance", "threshold", "p (adjusted)", "problem"),
            _columns(report.drift),
        )
    for title, performance in (
        ("Performance", report.performance),
        ("Estimated performance", report.estimated),
    ):
        if performance is not None:
            print_table(
                f"{title} over {performance.rows:.0f} rows, certain drop {cell(performance.drop)}",
                ("metric", "value", "95 % interval"),
                _metrics(performance),
            )
    if report.performance is None and report.estimated is None:
        console.print("No performance: there are too few labels and nothing to estimate it from")


def _newest(registry: DynamoRegistry, model: str) -> WindowReport:
    for report in registry.windows(model, limit=1):
        return report
    raise WindowNotFoundError(f"model {model!r} was not watched yet: wait for its first window")


def _columns(drift: DriftReport) -> Iterable[Sequence[object]]:
    features = {name: drift.features[name] for name in (*drift.drifted, *drift.features)}
    whole = {} if drift.multivariate is None else {"all features together": drift.multivariate}
    for name, each in {**features, **drift.predictions, **whole}.items():
        yield _column(name, each)


def _column(name: str, each: ColumnDrift) -> Sequence[object]:
    return (
        name,
        each.status,
        each.method,
        each.distance,
        each.threshold,
        each.adjusted_p_value,
        each.problem,
    )


def _metrics(performance: Performance) -> Iterable[Sequence[object]]:
    return ((name, each.value, _interval(each)) for name, each in performance.metrics.items())


def _interval(estimate: Estimate) -> str | None:
    if estimate.low is None or estimate.high is None:
        return None
    return f"{estimate.low:.4f} to {estimate.high:.4f}"


def _some(names: Sequence[str]) -> str | None:
    if not names:
        return None
    more = f" and {len(names) - _SHOWN_FEATURES} more" if len(names) > _SHOWN_FEATURES else ""
    return ", ".join(names[:_SHOWN_FEATURES]) + more
