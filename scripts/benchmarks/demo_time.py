"""How long the whole demo takes after set-up, and the deployment within it."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scripts.benchmarks.report import Section, Table
from scripts.benchmarks.sides import PROJECT

_DATA = PROJECT.parent / "shared" / "data"
_OWN = {
    "telco_churn.csv": ("--target", "Churn", "--entity", "customerID"),
    "electricity.csv": ("--target", "class"),
}


def demo_time(advance: Callable[[int, int], None]) -> Section:
    """Run the demo once on its own data, and on larger files where they are at hand."""
    runs: list[tuple[str, ...]] = [()]
    runs += [("--data", str(_DATA / name), *rest) for name, rest in _OWN.items() if (_DATA / name).is_file()]
    rows = []
    for arguments in runs:
        summary = _demo(*arguments)
        timings = summary["timings_seconds"]
        steps = ("start", "bootstrap", "deploy", "train", "release", "predict")
        figures = [f"{timings[step]:.1f}" for step in steps]
        name = f"{summary['model']}, {summary['rows']:,} rows"
        rows.append([name, *figures, f"**{sum(timings.values()):.1f}**"])
        advance(len(rows), len(runs))
    return Section(
        title="The demo",
        text=(
            "Seconds of `scripts/demo` after set-up: the real `cdk deploy` of both stacks with their layers to the local cloud, "
            "training of three candidates, a release and 500 predictions. One run each. "
            "Must hold: deploy at most 20 s, the whole at most 120 s."
        ),
        table=Table(
            head=[
                "model",
                "local cloud up",
                "cdk bootstrap",
                "cdk deploy",
                "train",
                "release",
                "500 predictions",
                "all",
            ],
            rows=rows,
        ),
    )


def _demo(*arguments: str) -> dict[str, Any]:
    command = Path(sys.executable).with_name("lambdaloop")
    with tempfile.TemporaryDirectory() as folder:
        summary = Path(folder) / "summary.json"
        subprocess.run(
            [str(command), "demo", *arguments, "--summary", str(summary)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        found: dict[str, Any] = json.loads(summary.read_text())
    return found
