"""The summary of a demo is written whatever its end is, since a pipeline tells of what failed, too."""

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.cli.demo_setup import DemoFailedError, require_version
from scripts.cli.demo_story import Story
from scripts.cli.executions import Execution
from scripts.cli.pipeline_comment import metrics_comment

REJECTED = {
    "dataset": {"rows": 7043},
    "candidates": [{"name": "linear", "estimator": "logistic_regression", "score": 0.61}],
    "evaluation": {
        "winner": "linear",
        "passed": False,
        "metrics": {"roc_auc": 0.61},
        "checks": [
            {"name": "minimum", "passed": False, "reason": "roc_auc is 0.61, wanted at least 0.75"},
            {"name": "value", "passed": True, "reason": "log_loss is 0.4"},
        ],
    },
}


def training(status: str, output: dict[str, Any], cause: str = "") -> Execution:
    return Execution(arn="arn", status=status, output=output, cause=cause)


def tell(path: Path, ended: Execution) -> dict[str, Any]:
    """The summary of a demo whose training ended so; the error goes on to who typed the command."""
    story = Story()
    story.facts = {"model": "churn", "task": "binary"}
    with pytest.raises(DemoFailedError), story.written_to(path):
        require_version(ended, story)
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_a_rejected_training_leaves_what_the_gate_saw(tmp_path: Path) -> None:
    summary = tell(tmp_path / "churn.json", training("SUCCEEDED", REJECTED))
    assert (summary["outcome"], summary["model"], summary["rows"]) == ("rejected", "churn", 7043)
    assert summary["gate"]["passed"] is False
    assert summary["candidates"] == [{"name": "linear", "score": 0.61}]
    assert summary["problem"] == "the gate rejected the training: roc_auc is 0.61, wanted at least 0.75"
    assert "**rejected by the gate**" in metrics_comment([summary])


def test_a_failed_training_leaves_its_cause(tmp_path: Path) -> None:
    summary = tell(tmp_path / "churn.json", training("FAILED", {}, "DatasetInvalidError: no column churned"))
    assert summary["outcome"] == "failed"
    assert "**churn** **failed**: the training failed: DatasetInvalidError" in metrics_comment([summary])


def test_a_training_that_registered_a_version_is_no_failure(tmp_path: Path) -> None:
    story = Story()
    with story.written_to(tmp_path / "churn.json"):
        require_version(training("SUCCEEDED", {"version": {"number": 1}}), story)
    assert "problem" not in json.loads((tmp_path / "churn.json").read_text())


def test_what_nobody_foresaw_is_told_too_even_after_the_release(tmp_path: Path) -> None:
    story = Story()
    story.facts = {"outcome": "released", "model": "churn"}
    with pytest.raises(KeyboardInterrupt), story.written_to(tmp_path / "churn.json"):
        raise KeyboardInterrupt
    summary = json.loads((tmp_path / "churn.json").read_text())
    assert (summary["outcome"], summary["problem"]) == ("failed", "KeyboardInterrupt")
