"""What a pipeline says under a pull request."""

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from scripts.cli.main import app
from scripts.cli.pipeline_comment import diff_comment, metrics_comment


def summary(**changes: Any) -> dict[str, Any]:
    return {
        "outcome": "released",
        "model": "churn",
        "task": "binary",
        "rows": 7043,
        "candidates": [{"name": "linear", "score": 0.84}, {"name": "forest", "score": None}],
        "metrics": {"roc_auc": 0.8421, "log_loss": None},
        "gate": {
            "passed": True,
            "checks": [{"name": "minimum roc_auc", "passed": True, "reason": "0.84 ≥ 0.75"}],
        },
        "predictions": {"sent": 500, "ok": 499, "http_5xx": 1},
        **changes,
    }


def test_metrics_gate_and_candidates_are_in_the_comment() -> None:
    text = metrics_comment([summary()])
    assert "| roc_auc | 0.8421 |" in text
    assert "| log_loss | – |" in text
    assert "| minimum roc_auc | yes | 0.84 ≥ 0.75 |" in text
    assert "linear 0.8400, forest –" in text
    assert "499 of 500 predictions answered" in text


def test_a_model_that_the_gate_rejected_is_shown_with_its_reasons() -> None:
    checks = [{"name": "minimum", "passed": False, "reason": "roc_auc is 0.61, wanted at least 0.75"}]
    rejected = summary(outcome="rejected", gate={"passed": False, "checks": checks}, problem="the gate …")
    del rejected["predictions"]
    text = metrics_comment([rejected], [summary()])
    assert "**churn** (binary, 7,043 rows), **rejected by the gate**." in text
    assert "| minimum | **no** | roc_auc is 0.61, wanted at least 0.75 |" in text
    assert "linear 0.8400, forest –" in text
    assert "answered" not in text


def test_a_model_that_failed_is_shown_beside_the_others_with_what_was_said(tmp_path: Path) -> None:
    failed = {"outcome": "failed", "problem": "models/credit.yaml: <b> is no task\nuse binary" + "x" * 5_000}
    (tmp_path / "credit.json").write_text(json.dumps(failed))
    (tmp_path / "churn.json").write_text(json.dumps(summary()))
    text = CliRunner().invoke(app, ["ci", "comment", str(tmp_path), "--base", str(tmp_path)]).output
    assert "**credit** **failed**: models/credit.yaml: &lt;b> is no task use binary" in text
    assert "**churn** (binary" in text
    assert len(text) < 2_500


def test_each_comment_begins_with_the_mark_by_which_it_is_found_again() -> None:
    assert metrics_comment([]).startswith("<!-- lambdaloop metrics -->\n")
    assert metrics_comment([summary()]).startswith("<!-- lambdaloop metrics -->\n")
    assert diff_comment("nothing").startswith("<!-- lambdaloop diff -->\n")


def test_what_changed_stands_beside_what_was_before() -> None:
    text = metrics_comment([summary()], [summary(metrics={"roc_auc": 0.85}), summary(model="other")])
    assert "| roc_auc | 0.8421 | 0.8500 | -0.0079 |" in text
    assert "| log_loss | – | – |  |" in text


def test_without_a_summary_the_comment_says_why_there_may_be_none(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["ci", "comment", str(tmp_path / "nothing")])
    assert done.exit_code == 0
    assert "No model was trained" in done.output


def test_summaries_are_read_from_a_folder(tmp_path: Path) -> None:
    for name in ("churn", "credit"):
        (tmp_path / f"{name}.json").write_text(json.dumps(summary(model=name)))
    text = CliRunner().invoke(app, ["ci", "comment", str(tmp_path)]).output
    assert text.index("**churn**") < text.index("**credit**")


def test_names_out_of_a_pull_request_cannot_leave_their_cell() -> None:
    text = metrics_comment([summary(model="a|b\n<img src=x> @everyone")])
    assert "<img" not in text
    assert "a\\|b &lt;img" in text
    assert "@everyone" not in text


def test_a_long_diff_fits_into_a_comment_and_cannot_end_its_block() -> None:
    text = diff_comment("start\n```\n" + "x" * 100_000 + "\nend")
    assert len(text) < 65_536
    assert text.count("```") == 2
    assert "start" in text
    assert "end\n```" in text


def test_what_cdk_diff_printed_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "diff.txt").write_text("Stack Lambdaloop\n[+] AWS::S3::Bucket")
    text = CliRunner().invoke(app, ["ci", "diff", str(tmp_path / "diff.txt")]).output
    assert "AWS::S3::Bucket" in text
