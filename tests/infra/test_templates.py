"""The templates as a whole: accepted by the checkers, and the same from the same checkout wherever it is."""

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from aws_cdk import Stack
from aws_cdk import aws_s3 as s3

from infra.app import build, new_app
from infra.config import Config
from infra.errors import ModelsFolderMissingError, UnknownTargetError
from infra.template_checks import TemplateError, lint_templates, synthesize_with_nag
from tests.infra.synthesis import PROJECT, Template, config_of, synthesize

_ASSET = re.compile(r"[0-9a-f]{64}\.zip")


def test_cfn_lint_and_cdk_nag_accept_every_template(assembly: Path) -> None:
    lint_templates(assembly)  # the assembly could not have been made with a finding of cdk-nag


def test_cdk_nag_refuses_what_nobody_acknowledged(tmp_path: Path, checkout: Path) -> None:
    app = new_app(outdir=tmp_path)
    s3.Bucket(Stack(app, "Careless"), "Bucket")
    with pytest.raises(TemplateError, match="AwsSolutions-S10"):
        synthesize_with_nag(app, replace(config_of(checkout), definitions=[]))


def test_the_target_decides_the_content_of_packages_and_nothing_of_the_template(
    checkout: Path, templates: dict[str, Template], tmp_path: Path
) -> None:
    for_lambda = synthesize(checkout, tmp_path, target="python3.13-arm64")
    assert for_lambda != templates
    assert _without_assets(for_lambda) == _without_assets(templates)


def test_the_same_checkout_gives_the_same_templates_anywhere(
    checkout: Path, templates: dict[str, Template], tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(checkout, elsewhere, ignore=shutil.ignore_patterns("build"))
    assert synthesize(elsewhere, tmp_path / "out") == templates


def _without_assets(templates: dict[str, Template]) -> dict[str, str]:
    return {name: _ASSET.sub("", template.text) for name, template in templates.items()}


def test_no_node_of_the_system_is_needed(tmp_path: Path) -> None:
    synthesis = "import infra.app as app; a = app.new_app(); print(a.synth().directory)"
    done = subprocess.run(
        [sys.executable, "-c", synthesis],
        cwd=PROJECT,
        env={"HOME": str(tmp_path), "PATH": "/nonexistent", "CDK_OUTDIR": str(tmp_path / "out")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(tmp_path / "out")


def test_an_unknown_target_is_refused_by_name() -> None:
    app = new_app(context={"target": "python2"})
    with pytest.raises(UnknownTargetError, match=r"'python2'.*python3\.13-arm64, host"):
        build(app, Config.from_context(app.node))


def test_a_models_folder_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(ModelsFolderMissingError, match="'nowhere' does not exist"):
        Config.from_context(new_app(context={"models": "nowhere"}).node)
