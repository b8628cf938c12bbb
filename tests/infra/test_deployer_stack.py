"""A pipeline's role believes tokens of one repository, branch by branch, and may do nothing but what CDK's bootstrap allows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from infra.app import new_app
from infra.costs.resource_types import classify
from infra.deployer_stack import DeployerStack
from infra.deployers import deployers_from_context
from infra.errors import DeployerConfigurationError
from infra.stages import StageSettings
from lambdaloop.domain.stage import Stage
from tests.infra.synthesis import Template, read_templates

GITHUB = {"repository": "acme/churn", "branches": ["main"], "pull_requests": "dev"}
GITLAB = {"project": "acme/team/churn", "branches": ["main"], "provider": "existing"}
ISSUER = "token.actions.githubusercontent.com"


def _app(deployers: Any, folder: Path | None = None) -> App:
    return new_app(outdir=folder, context={"deployers": deployers})


def _template(folder: Path, stage: str | None) -> Template:
    app = _app({"github": GITHUB, "gitlab": GITLAB}, folder)
    settings = StageSettings(name=stage)
    names = settings.stage
    DeployerStack(
        app, names.deployer_stack, stage=settings, deployers=deployers_from_context(app.node, names)
    )
    app.synth()
    return read_templates(folder)[names.deployer_stack]


@pytest.fixture(scope="module")
def deployer(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return _template(tmp_path_factory.mktemp("dev"), "dev")


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return _template(tmp_path_factory.mktemp("prod"), "prod")


def _roles(template: Template) -> Mapping[str, Mapping[str, Any]]:
    return {id_[:-8]: role for id_, role in template.of_type("AWS::IAM::Role").items()}


def _trust(template: Template, role: str) -> Mapping[str, Any]:
    [statement] = _roles(template)[role]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert list(statement["Condition"]) == ["StringEquals"]
    return {**statement["Condition"]["StringEquals"], **statement["Principal"]}


@pytest.mark.parametrize("stage", ["deployer", "production"])
def test_a_stage_believes_its_own_environment_and_only_on_a_branch_that_is_written_out(
    stage: str, request: pytest.FixtureRequest
) -> None:
    trust = _trust(request.getfixturevalue(stage), "GithubDeploy")
    environment = {"deployer": "dev", "production": "prod"}[stage]
    assert trust[f"{ISSUER}:aud"] == "sts.amazonaws.com"
    assert trust[f"{ISSUER}:sub"] == [f"repo:acme/churn:environment:{environment}"]
    assert trust[f"{ISSUER}:ref"] == ["refs/heads/main"]


def test_without_a_stage_the_branch_is_the_subject(tmp_path: Path) -> None:
    template = _template(tmp_path, None)
    trust = _trust(template, "GithubDeploy")
    assert trust[f"{ISSUER}:sub"] == ["repo:acme/churn:ref:refs/heads/main"]
    assert "GithubDiff" not in _roles(template)


def test_the_numbers_in_a_new_repository_s_subject_are_part_of_it() -> None:
    numbered = _app({"github": {**GITHUB, "repository": "acme@12/churn@34"}})
    [github] = deployers_from_context(numbered.node, Stage("dev"))
    assert github.deploys["sub"] == ["repo:acme@12/churn@34:environment:dev"]


def test_a_pull_request_compares_with_one_stage_and_deploys_nothing(
    deployer: Template, production: Template
) -> None:
    assert _trust(deployer, "GithubDiff")[f"{ISSUER}:sub"] == ["repo:acme/churn:pull_request"]
    assert _assumed(_roles(deployer)["GithubDiff"]) == {"lookup"}
    assert set(_roles(production)) == {"GithubDeploy", "GitlabDeploy"}


def test_a_role_may_assume_bootstrap_roles_of_its_account_and_region_and_nothing_else(
    deployer: Template,
) -> None:
    for name in ("GithubDeploy", "GitlabDeploy"):
        assert _assumed(_roles(deployer)[name]) == {"deploy", "file-publishing", "lookup"}
    assert "*" not in deployer.text


def test_a_provider_is_made_and_stays_when_the_stack_that_made_it_needs_it_no_longer(
    deployer: Template,
) -> None:
    [provider] = [each for each in deployer.resources.values() if each["Type"] == "AWS::IAM::OIDCProvider"]
    assert provider["Properties"] == {"Url": f"https://{ISSUER}", "ClientIdList": ["sts.amazonaws.com"]}
    assert (provider["DeletionPolicy"], provider["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_a_provider_that_is_there_already_is_that_of_the_account(deployer: Template) -> None:
    trust = _trust(deployer, "GitlabDeploy")
    _, parts = trust["Federated"]["Fn::Join"]
    assert parts == [
        "arn:",
        {"Ref": "AWS::Partition"},
        ":iam::",
        {"Ref": "AWS::AccountId"},
        ":oidc-provider/gitlab.com",
    ]
    assert trust["gitlab.com:sub"] == ["project_path:acme/team/churn:ref_type:branch:ref:main"]


def test_it_costs_nothing(deployer: Template) -> None:
    assert {idle for _, _, idle in classify(deployer.document)} == {"nothing"}


@pytest.mark.parametrize(
    ("deployers", "told"),
    [
        ({"jenkins": {}}, "called github or gitlab"),
        ({"github": {"repository": "acme", "branches": ["main"]}}, "'acme': use OWNER/NAME"),
        ({"github": {"repository": "acme/*", "branches": ["main"]}}, "use OWNER/NAME"),
        ({"github": {"repository": "acme/churn"}}, "may deploy from nowhere"),
        ({"github": {"repository": "acme/churn", "branches": ["*"]}}, "without wildcards"),
        ({"github": {"repository": "acme/churn", "branch": "main"}}, "has 'branch': use branches"),
        (
            {"gitlab": {"project": "acme/churn", "branches": ["main"], "url": "http://git"}},
            "the https address",
        ),
        ({"gitlab": {"project": "acme/churn"}}, "give branches"),
        ({"github": {**GITHUB, "environments": ["prod"]}}, "has 'environments': use branches"),
        ({"github": {**GITHUB, "pull_requests": True}}, "name the stage"),
        ({"github": {**GITHUB, "provider": "arn:aws:iam::1:oidc-provider/x"}}, 'write "existing"'),
        (["github"], "write an object"),
    ],
)
def test_a_trust_that_would_be_too_wide_is_refused(deployers: Any, told: str) -> None:
    with pytest.raises(DeployerConfigurationError, match=told):
        deployers_from_context(_app(deployers).node, Stage("dev"))


def _assumed(role: Mapping[str, Any]) -> set[str]:
    [policy] = role["Policies"]
    [statement] = policy["PolicyDocument"]["Statement"]
    assert (statement["Action"], statement["Effect"]) == ("sts:AssumeRole", "Allow")
    resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
    found = set()
    for resource in resources:
        _, parts = resource["Fn::Join"]
        text = "".join(each if isinstance(each, str) else f"<{each['Ref']}>" for each in parts)
        beginning = "arn:<AWS::Partition>:iam::<AWS::AccountId>:role/cdk-hnb659fds-"
        end = "-role-<AWS::AccountId>-<AWS::Region>"
        assert text.startswith(beginning)
        assert text.endswith(end)
        found.add(text.removeprefix(beginning).removesuffix(end))
    return found
