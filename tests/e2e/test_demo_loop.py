"""`scripts/demo --loop` on a short stream in which the world turns once: the loop notices, learns and serves better."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts.cli.drifting_stream import TARGET, Change, generate
from tests.e2e.pages import look_at_pages

PROJECT = Path(__file__).resolve().parents[2]
TRAINING_DAYS, DAYS, ROWS_PER_DAY = 6, 24, 60
TURN = 5
SUDDEN_TURN = (
    Change(name="turn", kind="sudden", effect="concept_b", start=TURN),
    Change(name="campaign", kind="sudden", effect="campaign", start=TURN),
)

pytestmark = pytest.mark.localcloud


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("loop")
    orders = generate(
        training_days=TRAINING_DAYS, days=DAYS, rows_per_day=ROWS_PER_DAY, changes=SUDDEN_TURN, seed=3
    )
    data = folder / "orders.csv"
    with data.open("w", newline="") as file:
        writer = csv.writer(file)
        for number, order in enumerate(orders):
            if number == 0:
                writer.writerow(order.row)
            writer.writerow(order.row.values())
    arguments = ["--loop", "--data", str(data), "--target", TARGET, "--rows-per-day", str(ROWS_PER_DAY)]
    path = folder / "summary.json"
    ended = subprocess.run(
        [
            str(PROJECT / "scripts" / "demo"),
            *arguments,
            "--summary",
            str(path),
            "--reports",
            str(folder / "reports"),
        ],
        cwd=folder,
        env={**os.environ, "VENV": sys.prefix},
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_reports_tell_of_the_last_model_and_of_what_was_watched(summary: dict[str, Any]) -> None:
    kinds = [Path(file).name.partition("-")[0] for file in summary["reports"]]
    assert kinds == ["version", "release", "window"]
    look_at_pages(summary, called="loop-")


def test_every_day_is_watched_and_no_request_fails(summary: dict[str, Any]) -> None:
    assert summary["days"] == DAYS
    assert summary["windows"] >= DAYS - 1
    assert summary["predictions"]["ok"] == summary["predictions"]["sent"] == DAYS * ROWS_PER_DAY
    assert summary["predictions"]["http_5xx"] == 0


def test_the_drift_is_found_and_people_are_told(summary: dict[str, Any]) -> None:
    assert summary["drift_alarms"] >= 1
    assert TURN < summary["events"]["drift_alarms"][0]["day"] <= TURN + 12


def test_every_decision_has_a_reason_and_one_of_them_is_to_train_again(summary: dict[str, Any]) -> None:
    decisions = summary["events"]["decisions"]
    assert len(decisions) == summary["decisions"]
    for decision in decisions:
        wanted = "retrained because" if decision["retrain"] else "not retrained because"
        assert decision["reason"].startswith(wanted)
    assert any(decision["retrain"] for decision in decisions)


def test_a_retraining_after_the_turn_leads_to_a_new_release(summary: dict[str, Any]) -> None:
    assert summary["retrainings"] >= 1
    assert all(training["day"] > TURN for training in summary["events"]["retrainings"])
    live = [
        release for release in summary["events"]["releases"] if release["status"] in ("live", "superseded")
    ]
    assert live
    assert live[0]["version"] > 1
    assert summary["version"] > 1


def test_the_loop_serves_better_than_the_first_model_left_alone(summary: dict[str, Any]) -> None:
    assert summary["metric"] == "accuracy"
    assert summary["metric_with_loop"] > summary["metric_static_model"] + 0.02
