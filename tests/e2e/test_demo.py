"""`scripts/demo` on real data: from a CSV file to HTTP predictions in one command."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.pages import look_at_pages
from tests.typed import COMMAND, lambdaloop

PROJECT = Path(__file__).resolve().parents[2]
DATA = PROJECT.parent / "shared" / "data"

pytestmark = pytest.mark.localcloud


def run_demo(folder: Path, *arguments: str) -> tuple[dict[str, Any], str]:
    """The summary, and what it printed."""
    summary = folder / "summary.json"
    ended = subprocess.run(
        [
            str(PROJECT / "scripts" / "demo"),
            *arguments,
            "--summary",
            str(summary),
            "--reports",
            str(folder / "reports"),
        ],
        cwd=folder,
        env={**os.environ, "VENV": sys.prefix},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    found: dict[str, Any] = json.loads(summary.read_text())
    return found, ended.stdout


def check(summary: dict[str, Any], *, requests: int) -> None:
    assert summary["version"] == 1
    assert summary["gate"]["passed"] is True
    assert len(summary["candidates"]) >= 3
    assert summary["release"] == 1
    assert summary["predictions"]["sent"] >= requests
    assert summary["predictions"]["ok"] == summary["predictions"]["sent"]
    assert summary["predictions"]["http_5xx"] == 0
    assert summary["endpoint"].startswith("http://127.0.0.1:")
    assert [Path(file).name for file in summary["reports"]] == ["version-1.html", "release-1.html"]
    assert {"deploy", "train", "release", "predict"} <= summary["timings_seconds"].keys()


def test_the_default_data_end_with_a_released_model_that_is_there_as_long_as_wanted(tmp_path: Path) -> None:
    summary, told = run_demo(tmp_path, "--keep")
    lines = [line.strip() for line in told.partition("To use it, and to stop it at last:")[2].splitlines()]
    exports = dict(line.removeprefix("export ").split("=") for line in lines if line.startswith("export "))
    commands = [words[1:] for line in lines if (words := shlex.split(line)) and words[0] == str(COMMAND)]
    try:
        [listed] = [words for words in commands if words[:2] == ["versions", "list"]]
        assert "champion" in lambdaloop(*listed, variables=exports)
    finally:
        [down] = [words for words in commands if words[:2] == ["local", "down"]]
        assert "is down" in lambdaloop(*down)
    check(summary, requests=500)
    assert summary["task"] == "binary"
    assert summary["rows"] == 569
    assert summary["metrics"]["roc_auc"] > 0.97
    look_at_pages(summary, called="demo-")


@pytest.mark.skipif(not DATA.is_dir(), reason="the folder with real data sets is not beside this checkout")
@pytest.mark.parametrize(
    ("file", "target", "entity", "metric", "least"),
    [
        ("telco_churn.csv", "Churn", "customerID", "roc_auc", 0.83),
        ("electricity.csv", "class", None, "roc_auc", 0.83),
    ],
)
def test_own_data_end_with_a_released_model_without_edits(
    tmp_path: Path, file: str, target: str, entity: str | None, metric: str, least: float
) -> None:
    arguments = ["--data", str(DATA / file), "--target", target]
    summary, _ = run_demo(tmp_path, *arguments, *(["--entity", entity] if entity else []))
    check(summary, requests=500)
    assert summary["metrics"][metric] >= least
