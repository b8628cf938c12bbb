"""How the closed-loop demo tells what happens: a line per event, a table with a timeline at the end, and a summary."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from scripts.cli.demo_chronicle import Chronicle, Happening
from scripts.cli.demo_comparison import Comparison, sparklines
from scripts.cli.output import console

_COLOURS = {
    "drift": "yellow",
    "performance": "yellow",
    "alarm": "red",
    "decision": "cyan",
    "training": "blue",
    "release": "green",
}
_KIND_WIDTH = max(map(len, _COLOURS)) + 1


def tell_happening(happening: Happening, *, start: datetime) -> None:
    """One line: the day, what kind of thing, and what."""
    line = Text.assemble(
        (f"day {_day(happening.at, start):>4}  ", "dim"),
        (happening.kind.ljust(_KIND_WIDTH), _COLOURS[happening.kind]),
        happening.text,
    )
    console.print(line, soft_wrap=True)


def facts_of(chronicle: Chronicle, comparison: Comparison, *, start: datetime, days: int) -> dict[str, Any]:
    """What the summary says about the loop: how often what happened, what it was worth, and the list of events."""
    trainings = sorted(chronicle.trainings.values(), key=lambda run: run.started_at)
    releases = [release for number, release in sorted(chronicle.releases.items()) if number > 1]
    return {
        "days": days,
        "windows": len(chronicle.windows),
        "windows_with_drift": sum(window.status == "drift" for window in chronicle.windows),
        "drift_alarms": sum(alarm.is_drift for alarm in chronicle.alarms),
        "decisions": len(chronicle.decisions),
        "retrainings": len(trainings),
        "retrainings_registered": sum(run.version is not None for run in trainings),
        "releases": len(releases),
        "metric": comparison.metric,
        "metric_static_model": comparison.static,
        "metric_with_loop": comparison.live,
        "gain": comparison.gain,
        "more_metrics": {
            name: {"static_model": static, "with_loop": live}
            for name, (static, live) in comparison.more.items()
        },
        "timeline": {
            "days_per_period": comparison.period_days,
            "static_model": list(comparison.static_by_period),
            "with_loop": list(comparison.live_by_period),
        },
        "events": {
            "drift_alarms": [
                {"day": _day(alarm.at, start), "alarm": alarm.name}
                for alarm in chronicle.alarms
                if alarm.is_drift
            ],
            "other_alarms": [
                {"day": _day(alarm.at, start), "alarm": alarm.name}
                for alarm in chronicle.alarms
                if not alarm.is_drift
            ],
            "decisions": [
                {
                    "day": _day(decision.at, start),
                    "cause": decision.cause,
                    "retrain": decision.retrain,
                    "reason": decision.reason,
                }
                for decision in chronicle.decisions
            ],
            "retrainings": [
                {
                    "day": _day(run.started_at, start),
                    "status": run.status,
                    "version": run.version,
                    "reason": run.reason,
                }
                for run in trainings
            ],
            "releases": [
                {
                    "day": _day(release.closed_at or release.created_at, start),
                    "release": release.number,
                    "version": release.version,
                    "status": release.status,
                }
                for release in releases
            ],
        },
    }


def tell_loop(facts: Mapping[str, Any], *, seconds: float) -> None:
    """The end of the story, for people."""
    static, live, metric = facts["metric_static_model"], facts["metric_with_loop"], facts["metric"]
    better = facts["retrainings_registered"]
    table = Table.grid(padding=(0, 2))
    for name, told in (
        (
            "model",
            f"{facts['model']} ({facts['task']}), {facts['days']} days with {facts['predictions']['ok']:,} predictions",
        ),
        (
            "watched",
            f"{facts['windows']} windows, {facts['windows_with_drift']} of them with drift; {facts['drift_alarms']} drift alarms",
        ),
        (
            "governed",
            f"{facts['decisions']} decisions, {facts['retrainings']} retrainings ({better} gave a better model)",
        ),
        ("released", f"{facts['releases']} times after the first"),
        ("first model", f"{metric} {static:.4f}{_more(facts, 'static_model')}"),
        (
            "with the loop",
            Text(
                f"{metric} {live:.4f}{_more(facts, 'with_loop')}",
                style="bold green" if facts["gain"] > 0 else "bold",
            ),
        ),
        ("gain", f"{facts['gain']:+.4f}"),
        ("time", f"{seconds:.0f} s, {facts['seconds_per_day']:.2f} s for a virtual day"),
    ):
        table.add_row(f"[bold]{name}[/bold]", told)
    static_bars, live_bars = sparklines(facts["timeline"]["static_model"], facts["timeline"]["with_loop"])
    table.add_row()
    table.add_row(
        "[bold]timeline[/bold]", Text(f"{metric} by {facts['timeline']['days_per_period']} days", style="dim")
    )
    table.add_row("  first model", static_bars)
    table.add_row("  with the loop", Text(live_bars, style="green"))
    console.print(Panel(table, title="What happened", title_align="left", expand=False))


def _more(facts: Mapping[str, Any], side: str) -> str:
    return "".join(f", {name} {values[side]:.4f}" for name, values in facts["more_metrics"].items())


def _day(at: datetime, start: datetime) -> int:
    """Days of the replay count from 1."""
    return (at - start).days + 1
