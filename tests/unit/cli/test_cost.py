"""What `lambdaloop cost` reads of a folder of templates, and what it says when the right ones are not there."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scripts.cli.cdk import PROJECT
from scripts.cli.main import app
from scripts.cli.stacks import STAGE
from scripts.cli.synthesis import SynthesisFailedError

ALARM = {"Resources": {"Alarm": {"Type": "AWS::CloudWatch::Alarm"}}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Templates of two stages, one of them with a stack of a model that is gone."""
    for stack in ("Lambdaloop", "Lambdaloop-gone", "LambdaloopDev", "LambdaloopDevFeatures"):
        (tmp_path / f"{stack}.template.json").write_text(json.dumps(ALARM))
    (tmp_path / "none").mkdir()
    return tmp_path


def shared(folder: Path) -> dict[str, float]:
    """Units by what is paid for, without any model."""
    told = CliRunner().invoke(
        app, ["cost", "--models", str(folder / "none"), "--templates", str(folder), "--json"]
    )
    assert told.exception is None
    document: dict[str, Any] = json.loads(told.stdout)
    return {line["what"]: line["units"] for line in document["shared"]}


def test_only_stacks_of_the_stage_are_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shared(folder)["alarms"] == 1
    assert "stored features" not in shared(folder)
    monkeypatch.setenv(STAGE, "dev")
    assert shared(folder)["stored features"] == 0.1


@pytest.mark.parametrize(
    ("stage", "missing"), [("dev", "LambdaloopDev-breast-cancer"), ("prod", "LambdaloopProd-breast-cancer")]
)
def test_a_folder_without_the_models_template_says_what_to_type(
    stage: str, missing: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STAGE, stage)
    told = CliRunner().invoke(
        app, ["cost", "--models", str(PROJECT / "models"), "--templates", str(folder), "breast-cancer"]
    )
    assert isinstance(told.exception, SynthesisFailedError)
    assert f"{folder} has no template of {missing}" in str(told.exception)
    assert f"`cdk synth -c stage={stage}`" in str(told.exception)
