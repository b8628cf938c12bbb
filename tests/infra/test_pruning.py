"""Deleting Lambda versions: who may, what exactly, and that it never decides how a release ends."""

from typing import Any

import pytest

from tests.infra.golden_workflows import workflow
from tests.infra.synthesis import Template

STATES = {
    "Prune versions": ("Close release", "Released"),
    "Prune versions after rollback": ("Roll back release", "Release rolled back"),
}


def _with_deletion(template: Template) -> list[tuple[str, dict[str, Any]]]:
    """Every statement that allows to delete anything of Lambda, with its role's logical id."""
    return [
        (role, statement)
        for role, body in template.of_type("AWS::IAM::Role").items()
        for policy in body.get("Policies", [])
        for statement in policy["PolicyDocument"]["Statement"]
        if "lambda:Delete" in str(statement["Action"])
    ]


def test_deleting_is_allowed_for_versions_of_the_own_inference_function_only(
    templates: dict[str, Template],
) -> None:
    for model in ("churn", "price", "species"):
        template = templates[f"Lambdaloop-{model}"]
        [(role, statement)] = _with_deletion(template)
        assert "PruneVersions" in role
        [inference] = [
            id_ for id_ in template.of_type("AWS::Lambda::Function") if id_.startswith("ServingInference")
        ]
        assert statement == {
            "Action": "lambda:DeleteFunction",
            "Effect": "Allow",
            # With the colon: the function itself, which has no qualifier, is not among these.
            "Resource": {"Fn::Join": ["", [{"Fn::GetAtt": [inference, "Arn"]}, ":*"]]},
        }


def test_nothing_on_the_platform_may_delete_functions(templates: dict[str, Template]) -> None:
    assert _with_deletion(templates["Lambdaloop"]) == []


def test_pruning_can_neither_move_traffic_nor_publish(churn: Template) -> None:
    actions = {action for each in churn.grants("prune_versions") for action in _listed(each["Action"])}
    assert {action for action in actions if action.startswith("lambda:")} == {
        "lambda:DeleteFunction",
        "lambda:GetAlias",
        "lambda:ListVersionsByFunction",
    }


def test_the_bootstrap_version_is_known_to_the_one_that_prunes(churn: Template) -> None:
    [function] = [
        body
        for body in churn.functions().values()
        if body["Handler"] == "functions.prune_versions.handler.handler"
    ]
    variables = function["Environment"]["Variables"]
    assert variables["LAMBDALOOP_BOOTSTRAP_VERSION"] == {
        "Fn::GetAtt": ["InferenceBootstrapVersion", "Version"]
    }


@pytest.mark.parametrize("state", STATES)
def test_pruning_follows_the_end_of_a_release_and_fails_none(
    state: str, templates: dict[str, Template]
) -> None:
    states = workflow(templates, "release")["States"]
    before, after = STATES[state]
    assert states[before]["Next"] == state
    assert states[state]["Next"] == after
    assert states[state]["Catch"] == [
        {"ErrorEquals": ["States.ALL"], "ResultPath": "$.pruned", "Next": after}
    ]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
