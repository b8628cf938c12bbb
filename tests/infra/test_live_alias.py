"""The alias `live` is CloudFormation's once and the release workflow's ever after.

CloudFormation updates a resource when its properties change. So whatever a team changes and deploys, the properties of
these two must stay the same to the byte; then no deployment can move traffic.
"""

import shutil
from dataclasses import replace
from pathlib import Path

from lambdaloop.definition_schema import load_definition
from tests.infra.synthesis import DEFINITIONS, Template, synthesize

OWNED_BY_THE_RELEASE_WORKFLOW = ("InferenceBootstrapVersion", "InferenceLiveAlias")


def test_live_points_at_the_bootstrap_version_and_says_nothing_else(churn: Template) -> None:
    [function] = [id_ for id_ in churn.of_type("AWS::Lambda::Function") if id_.startswith("ServingInference")]
    assert {id_: churn.resources[id_] for id_ in OWNED_BY_THE_RELEASE_WORKFLOW} == {
        "InferenceBootstrapVersion": {
            "Type": "AWS::Lambda::Version",
            "Properties": {"FunctionName": {"Ref": function}},
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
        },
        "InferenceLiveAlias": {
            "Type": "AWS::Lambda::Alias",
            "Properties": {
                "FunctionName": {"Ref": function},
                "FunctionVersion": {"Fn::GetAtt": ["InferenceBootstrapVersion", "Version"]},
                "Name": "live",
            },
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
        },
    }


def test_there_is_no_other_version_or_alias(churn: Template) -> None:
    assert len(churn.of_type("AWS::Lambda::Version")) == 1
    assert len(churn.of_type("AWS::Lambda::Alias")) == 1


def test_new_code_layers_environment_and_definition_leave_live_alone(
    churn: Template, checkout: Path, tmp_path: Path
) -> None:
    changed = tmp_path / "checkout"
    shutil.copytree(checkout, changed, ignore=shutil.ignore_patterns("build"))
    for source in ("functions/inference/handler.py", "layers/core/python/lambdaloop/telemetry.py"):
        with (changed / source).open("a") as file:
            file.write("\nCHANGED = True\n")
    (changed / "layers/serving/prune.txt").write_text("something/else\n")
    before = load_definition(DEFINITIONS / "churn.yaml")
    after = replace(
        before,
        training=replace(before.training, seed=7),
        release=replace(before.release, steps=(1, 100), bake_seconds=5),
        serving=replace(before.serving, memory_mib=4096, snap_start=True, authorization="open"),
    )
    new = synthesize(changed, tmp_path / "out", definitions=[after])["Lambdaloop-churn"]

    assert new.functions()["inference"]["Code"] != churn.functions()["inference"]["Code"]
    assert new.functions()["inference"]["MemorySize"] == 4096
    assert len(set(_layer_keys(new)) & set(_layer_keys(churn))) == 1, "only the training layer is the same"
    for id_ in OWNED_BY_THE_RELEASE_WORKFLOW:
        assert new.resources[id_] == churn.resources[id_]


def _layer_keys(template: Template) -> list[str]:
    return [each["Content"]["S3Key"] for each in template.of_type("AWS::Lambda::LayerVersion").values()]
