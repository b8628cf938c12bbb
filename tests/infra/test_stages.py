"""Two stages fit into one account and region, and what cdk.json says about stages is checked before anything is made."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.app import build, new_app
from infra.config import Config
from infra.errors import StageConfigurationError
from infra.stages import StageSettings, stage_from_context
from lambdaloop.definition_schema import load_definitions
from lambdaloop.domain.errors import StageInvalidError
from lambdaloop.domain.stage import Stage
from tests.infra.synthesis import DEFINITIONS, Template, config_of, read_templates

DEV = StageSettings(name="dev", account="111111111111", region="eu-central-1", retain=False, log_days=7)
_NAMES = (
    "AlarmName",
    "BucketName",
    "FunctionName",
    "LogGroupName",
    "Name",
    "QueueName",
    "RoleName",
    "TopicName",
)


@pytest.fixture(scope="module")
def staged(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Template]:
    folder = tmp_path_factory.mktemp("staged")
    app = new_app(outdir=folder)
    definitions = [each for each in load_definitions(DEFINITIONS) if each.name in ("churn", "species")]
    plain = config_of(checkout, definitions=definitions)
    build(app, Config(definitions=plain.definitions, packages=plain.packages, stage=DEV))
    app.synth()
    return read_templates(folder)


def test_stacks_are_named_after_their_stage(staged: dict[str, Template]) -> None:
    assert set(staged) == {
        "LambdaloopDev",
        "LambdaloopDevFeatures",
        "LambdaloopDev-churn",
        "LambdaloopDev-species",
    }


def test_no_name_of_a_stage_is_that_of_another_deployment(
    staged: dict[str, Template], templates: dict[str, Template]
) -> None:
    ours, theirs = _fixed_names(staged), _fixed_names(templates)
    assert "lambdaloop.dev-churn-live-errors" in ours
    assert "lambdaloop-churn-live-errors" in theirs
    assert sorted(ours & theirs) == []


def test_metrics_of_a_stage_are_its_own(staged: dict[str, Template]) -> None:
    for template in staged.values():
        assert '"Namespace": "Lambdaloop"' not in template.text
        for function in template.of_type("AWS::Lambda::Function").values():
            assert function["Environment"]["Variables"]["LAMBDALOOP_STAGE"] == "dev"
    assert '"Namespace": "Lambdaloop/dev"' in staged["LambdaloopDev-churn"].text


def test_the_governor_hears_of_the_alarms_of_its_stage(staged: dict[str, Template]) -> None:
    rules = json.dumps(staged["LambdaloopDev-churn"].of_type("AWS::Events::Rule"))
    assert "lambdaloop.dev-churn-drift-share" in rules
    assert "lambdaloop-churn" not in rules


def test_a_stage_that_retains_nothing_goes_with_its_stack(staged: dict[str, Template]) -> None:
    for template in staged.values():
        for resource in template.resources.values():
            if resource["Type"] in ("AWS::S3::Bucket", "AWS::DynamoDB::Table"):
                assert resource["DeletionPolicy"] == "Delete"
        for table in template.of_type("AWS::DynamoDB::Table").values():
            assert not table["DeletionProtectionEnabled"]
        assert {log["RetentionInDays"] for log in template.of_type("AWS::Logs::LogGroup").values()} <= {7}


def test_a_definitions_alarms_are_those_of_the_stage(tmp_path: Path) -> None:
    text = (DEFINITIONS / "churn.yaml").read_text()
    with_ours = text.replace(
        "alarms: [TeamDashboardRed]", "alarms: [lambdaloop-churn-live-errors, TeamDashboardRed]"
    )
    assert with_ours != text
    (tmp_path / "churn.yaml").write_text(with_ours)
    app = new_app(context={"models": str(tmp_path), "target": "host", "stage": "dev"})
    [definition] = Config.from_context(app.node).definitions
    assert definition.release.alarms == ("lambdaloop.dev-churn-live-errors", "TeamDashboardRed")


@pytest.mark.parametrize(
    ("context", "told"),
    [
        ({"stage": "Prod"}, "stage 'Prod' cannot be part of names"),
        ({"stage": "features"}, "not deployer or features"),
        ({"stage": "qa", "stages": {"dev": {}}}, r"'qa' is not in the context's stages \(dev\)"),
        ({"stages": {"dev": {"account": 111111111111, "region": "eu-west-1"}}}, "twelve digits in quotes"),
        ({"stages": {"dev": {"account": "111111111111"}}}, "give both, or neither"),
        (
            {"stages": {"dev": {"account": "111111111111", "region": "Frankfurt"}}},
            "a region such as eu-central-1",
        ),
        ({"stages": {"dev": {"log_days": 8}}}, "log_days 8: use one of 1, 7"),
        ({"stages": {"dev": {"retain": "no"}}}, "retain 'no': use true or false"),
        ({"stages": {"dev": {"acount": "1"}}}, "has 'acount': use account, region, retain, log_days"),
        ({"stages": {"dev": "111111111111"}}, "write an object with account and region"),
        ({"stages": ["dev"]}, "write an object of stages by name"),
    ],
)
def test_what_cannot_be_a_stage_is_refused_with_the_fix(context: dict[str, Any], told: str) -> None:
    with pytest.raises(StageConfigurationError, match=told):
        stage_from_context(new_app(context=context).node)


def test_a_stage_is_deployed_where_cdk_json_says() -> None:
    stages = {"dev": {"account": "111111111111", "region": "eu-central-1"}, "prod": {"retain": True}}
    dev = stage_from_context(new_app(context={"stage": "dev", "stages": stages}).node)  # type: ignore[dict-item]
    assert dev.environment is not None
    assert (dev.environment.account, dev.environment.region) == ("111111111111", "eu-central-1")
    prod = stage_from_context(new_app(context={"stage": "prod", "stages": stages}).node)  # type: ignore[dict-item]
    assert prod.environment is None
    assert stage_from_context(new_app().node) == StageSettings()


def test_names_without_a_stage_are_those_of_a_single_deployment() -> None:
    assert (Stage().platform_stack, Stage().feature_stack) == ("Lambdaloop", "LambdaloopFeatures")
    assert (Stage().alarm_prefix, Stage().metric_namespace) == ("lambdaloop-", "Lambdaloop")
    with pytest.raises(StageInvalidError, match="'my-stage'"):
        Stage("my-stage")


def _fixed_names(stacks: dict[str, Template]) -> set[str]:
    """Names that are written out in the templates, with the stack's name filled in; those of one API or one function are no names."""
    found = set()
    for stack, template in stacks.items():
        for resource in template.resources.values():
            if resource["Type"] in ("AWS::ApiGatewayV2::Authorizer", "AWS::Lambda::Alias"):
                continue
            for key in _NAMES:
                value = resource.get("Properties", {}).get(key)
                if isinstance(value, str):
                    found.add(value)
                elif value == {"Ref": "AWS::StackName"}:
                    found.add(stack)
                elif isinstance(value, dict) and "Fn::Join" in value:
                    found.add(json.dumps(value).replace('{"Ref": "AWS::StackName"}', stack))
    return found
