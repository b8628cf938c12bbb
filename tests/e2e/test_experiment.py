"""`scripts/demo --experiment`: an experiment from its start to its answer, through the deployed stack in virtual time."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.pages import look_at_pages

PROJECT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.localcloud


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("experiment")
    path = folder / "summary.json"
    ended = subprocess.run(
        [
            str(PROJECT / "scripts" / "demo"),
            "--experiment",
            "--summary",
            str(path),
            "--reports",
            str(folder / "reports"),
        ],
        cwd=folder,
        env={**os.environ, "VENV": sys.prefix},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_the_better_version_wins_and_serves(summary: dict[str, Any]) -> None:
    assert (summary["verdict"], summary["winner"]) == ("better", "challenger")
    assert summary["experiment"]["status"] == "concluded"
    assert summary["live_version"] == 2


def test_what_was_found_holds_the_truth(summary: dict[str, Any]) -> None:
    assert 0 < summary["low"] <= summary["true_difference"] <= summary["high"]


def test_no_user_ever_sees_another_arm(summary: dict[str, Any]) -> None:
    assert summary["users"] > 500
    assert summary["changed_arms"] == 0


def test_both_arms_got_their_half(summary: dict[str, Any]) -> None:
    last = summary["experiment"]["looks"][-1]
    assert last["sample_ratio_p"] > 0.001
    assert set(last["figures"]) == {"control", "challenger"}


def test_no_request_fails_from_the_first_release_on(summary: dict[str, Any]) -> None:
    answered = summary["predictions"]
    assert answered["http_5xx"] == 0
    assert answered["ok"] == answered["sent"] > 50


def test_its_pages_tell_of_it(summary: dict[str, Any]) -> None:
    assert Path(summary["reports"][-1]).name.startswith("experiment-")
    look_at_pages(summary, called="experiment-")
