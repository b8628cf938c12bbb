"""What the doctor makes of an account's answers, and of questions that it may not ask."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from lambdaloop.domain.stage import Stage
from scripts.cli.doctor_account import account_findings, quota
from scripts.cli.doctor_machine import definitions_finding, disk_space, machine_findings
from scripts.cli.finding import Finding

API = {"OutputKey": "ApiId", "OutputValue": "api1"}


class _ParameterNotFoundError(Exception):
    pass


class FakeAccount:
    """An account that answers as told; an exception among the answers is raised."""

    def __init__(self, **answers: Any) -> None:
        self._answers: dict[str, Any] = {
            "get_caller_identity": {"Arn": "arn:aws:iam::111111111111:user/ada", "Account": "111111111111"},
            "get_parameter": {"Parameter": {"Value": "21"}},
            "describe_stacks": {
                "Stacks": [
                    {"StackName": "Lambdaloop", "StackStatus": "CREATE_COMPLETE", "Outputs": [API]},
                    {"StackName": "Lambdaloop-churn", "StackStatus": "CREATE_COMPLETE"},
                ]
            },
            "get_account_settings": {
                "AccountLimit": {"UnreservedConcurrentExecutions": 1000, "TotalCodeSize": 80e9},
                "AccountUsage": {"TotalCodeSize": 1e9},
            },
            "get_account_summary": {"SummaryMap": {"Roles": 40, "RolesQuota": 1000}},
            "list_service_quotas": {
                "Quotas": [
                    {"QuotaName": "Routes per HTTP API", "Value": 300.0},
                    {"QuotaName": "Routes per WebSocket API", "Value": 300.0},
                ]
            },
            "get_routes": {"Items": [{}] * 290},
            "get_authorizers": {"Items": []},
            **answers,
        }

    def client(self, _service: str) -> "FakeAccount":
        return self

    @property
    def exceptions(self) -> Any:
        return type("Exceptions", (), {"ParameterNotFound": _ParameterNotFoundError})

    def get_paginator(self, operation: str) -> Any:
        ask = getattr(self, operation)
        return type("Paginator", (), {"paginate": lambda _self, **_: [ask()]})()

    def __getattr__(self, operation: str) -> Any:
        def answer(**_: Any) -> Any:
            told = self._answers[operation]
            if isinstance(told, Exception):
                raise told
            return told

        return answer


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "Operation")


def findings(
    account: FakeAccount,
    *,
    region: str | None = "eu-west-1",
    endpoint: str | None = None,
    stage: str | None = None,
    stages: Mapping[str, Any] | None = None,
) -> Mapping[str, Finding]:
    asked = account_findings(account.client, Stage(stage), region=region, endpoint=endpoint, stages=stages)
    return {each.name: each for each in asked}


def test_an_account_in_order_has_nothing_to_mend_but_what_nears_its_end() -> None:
    found = findings(FakeAccount())
    assert {name: each.status for name, each in found.items()} == {
        "region": "ok",
        "credentials": "ok",
        "bootstrap": "ok",
        "deployed": "ok",
        "lambda concurrency": "ok",
        "lambda code storage": "ok",
        "roles": "ok",
        "http api": "warning",
    }
    assert found["deployed"].told == "Lambdaloop with churn"
    assert found["http api"].told == "290 of 300 routes per http api are used"


def test_without_a_region_or_credentials_nothing_else_is_asked() -> None:
    assert list(findings(FakeAccount(), region=None)) == ["region"]
    found = findings(FakeAccount(get_caller_identity=NoCredentialsError()))
    assert list(found) == ["region", "credentials"]
    assert "aws configure" in (found["credentials"].fix or "")
    local = findings(FakeAccount(get_caller_identity=NoCredentialsError()), endpoint="http://127.0.0.1:1")
    assert "lambdaloop local up" in (local["credentials"].fix or "")


def test_what_was_not_bootstrapped_or_long_ago_says_which_command_is_missing() -> None:
    for answer in (_ParameterNotFoundError(), {"Parameter": {"Value": "6"}}):
        finding = findings(FakeAccount(get_parameter=answer))["bootstrap"]
        assert finding.status == "failed"
        assert "`cdk bootstrap`" in (finding.fix or "")


def test_what_may_not_be_asked_or_is_not_served_is_no_failure() -> None:
    found = findings(FakeAccount(get_account_settings=refused("AccessDeniedException")))
    assert (found["lambda"].status, found["roles"].status) == ("unknown", "ok")
    local = findings(FakeAccount(get_account_settings=refused("404")), endpoint="http://127.0.0.1:1")
    assert local["lambda"].told == "the local cloud does not serve it"
    assert findings(FakeAccount(get_account_settings=refused("404")))["lambda"].status == "failed"


def test_a_question_that_the_network_swallows_fails_and_the_others_are_asked() -> None:
    gone = EndpointConnectionError(endpoint_url="https://iam.amazonaws.com")
    found = findings(FakeAccount(get_account_summary=gone))
    assert (found["roles"].status, found["http api"].status) == ("failed", "warning")
    assert "https://iam.amazonaws.com" in found["roles"].told


STAGES = {"dev": {}, "prod": {"account": "222222222222", "region": "eu-west-1"}}


def test_an_account_that_is_not_the_stages_own_is_not_looked_at() -> None:
    found = findings(FakeAccount(), stage="prod", stages=STAGES)
    assert list(found) == ["region", "credentials", "stage"]
    assert found["stage"].told == (
        "prod is account 222222222222 in eu-west-1, and this is 111111111111 in eu-west-1"
    )
    assert "not in cdk.json (dev, prod)" in findings(FakeAccount(), stage="test", stages=STAGES)["stage"].told


def test_a_stage_is_well_wherever_cdk_would_deploy_it() -> None:
    assert findings(FakeAccount(), stage="dev", stages=STAGES)["stage"].status == "ok"
    own = {"Arn": "arn:aws:iam::222222222222:user/ada", "Account": "222222222222"}
    there = FakeAccount(get_caller_identity=own)
    assert findings(there, stage="prod", stages=STAGES)["stage"].status == "ok"
    assert findings(there, stage="prod", stages=STAGES, region="eu-west-3")["stage"].status == "failed"
    local = findings(FakeAccount(), stage="prod", stages=STAGES, endpoint="http://127.0.0.1:1")
    assert "stage" not in local  # its only account is nobody's


def test_a_stage_is_looked_for_under_its_own_names() -> None:
    assert "no stack LambdaloopDev" in findings(FakeAccount(), stage="dev")["deployed"].told


def test_few_requests_at_once_and_a_broken_stack_are_told() -> None:
    few = {
        "AccountLimit": {"UnreservedConcurrentExecutions": 10, "TotalCodeSize": 80e9},
        "AccountUsage": {"TotalCodeSize": 0},
    }
    broken = {"Stacks": [{"StackName": "Lambdaloop", "StackStatus": "UPDATE_ROLLBACK_FAILED"}]}
    found = account_findings(
        FakeAccount(get_account_settings=few, describe_stacks=broken).client,
        Stage(),
        region="eu-west-1",
        endpoint=None,
    )
    told = {(each.name, each.status) for each in found}
    assert {("lambda concurrency", "warning"), ("deployed", "failed")} <= told


@pytest.mark.parametrize(("used", "status"), [(70, "ok"), (81, "warning"), (100, "failed")])
def test_a_quota_warns_before_it_ends(used: float, status: str) -> None:
    assert quota("roles", used, 100, "roles", "ask for more").status == status


def test_this_machine_is_looked_at_without_changing_it(tmp_path: Path) -> None:
    found = {each.name: each for each in machine_findings(tmp_path / "models", tmp_path / "state")}
    assert found["cdk command"].status == "ok"
    assert found["definitions"].status == "failed"
    assert found["local cloud"].status == "unknown"
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "odd.yaml").write_text("name: odd\n")
    assert "odd.yaml" in definitions_finding(tmp_path).told


def test_a_full_disk_fails() -> None:
    assert (disk_space(5_000_000_000).status, disk_space(1_000_000_000).status) == ("ok", "failed")
