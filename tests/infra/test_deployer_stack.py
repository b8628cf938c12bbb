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
from tests.infra.synthesis import Template, read_templates

GITHUB = {
    "repository": "acme/churn",
    "branches": ["main"],
    "environments": ["dev", "prod"],
    "pull_requests": True,
}
GITLAB = {
    "project": "acme/team/churn",
    "branches": ["main"],
    "provider": "arn:aws:iam::111111111111:oidc-provider/gitlab.com",
}


def _app(deployers: Any, folder: Path | None = None) -> App:
    return new_app(outdir=folder, context={"deployers": deployers})


@pytest.fixture(scope="module")
def deployer(tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("deployer")
    app = _app({"github": GITHUB, "gitlab": GITLAB}, folder)
    stage = StageSettings(name="dev")
    DeployerStack(app, stage.stage.deployer_stack, stage=stage, deployers=deployers_from_context(app.node))
    app.synth()
    return read_templates(folder)["LambdaloopDevDeployer"]


def _roles(template: Template) -> Mapping[str, Mapping[str, Any]]:
    return {id_[:-8]: role for id_, role in template.of_type("AWS::IAM::Role").items()}


def test_tokens_are_believed_of_one_audience_and_of_subjects_that_are_written_out(deployer: Template) -> None:
    issuer = "token.actions.githubusercontent.com"
    [statement] = _roles(deployer)["GithubDeploy"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Condition"] == {
        "StringEquals": {
            f"{issuer}:aud": "sts.amazonaws.com",
            f"{issuer}:sub": [
                "repo:acme/churn:ref:refs/heads/main",
                "repo:acme/churn:environment:dev",
                "repo:acme/churn:environment:prod",
            ],
        }
    }


def test_a_pull_request_compares_and_deploys_nothing(deployer: Template) -> None:
    role = _roles(deployer)["GithubDiff"]
    [statement] = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"] == [
        "repo:acme/churn:pull_request"
    ]
    assert _assumed(role) == {"lookup"}


def test_a_role_may_assume_bootstrap_roles_of_its_account_and_region_and_nothing_else(
    deployer: Template,
) -> None:
    for name in ("GithubDeploy", "GitlabDeploy"):
        assert _assumed(_roles(deployer)[name]) == {"deploy", "file-publishing", "lookup"}
    assert "*" not in deployer.text


def test_a_provider_that_is_there_already_is_used(deployer: Template) -> None:
    [provider] = deployer.of_type("AWS::IAM::OIDCProvider").values()
    assert provider == {
        "Url": "https://token.actions.githubusercontent.com",
        "ClientIdList": ["sts.amazonaws.com"],
    }
    [statement] = _roles(deployer)["GitlabDeploy"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Federated": GITLAB["provider"]}
    assert statement["Condition"]["StringEquals"]["gitlab.com:sub"] == [
        "project_path:acme/team/churn:ref_type:branch:ref:main"
    ]


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
        (["github"], "write an object"),
    ],
)
def test_a_trust_that_would_be_too_wide_is_refused(deployers: Any, told: str) -> None:
    with pytest.raises(DeployerConfigurationError, match=told):
        deployers_from_context(_app(deployers).node)


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
