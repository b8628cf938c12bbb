"""Shadow stage and approval: in the template of the models whose definition asks for them, before the first step, least privileged."""

from typing import Any

import pytest

from tests.infra.golden_workflows import workflow
from tests.infra.synthesis import Resource, Template

CHECKED = "release-after-shadow-and-approval"
ADDED = {"shadow_release", "ask_approval", "record_approval", "decide_approval"}


@pytest.fixture
def price(templates: dict[str, Template]) -> Template:
    return templates["Lambdaloop-price"]


@pytest.fixture
def states(templates: dict[str, Template]) -> dict[str, Any]:
    return dict(workflow(templates, CHECKED)["States"])


def actions(template: Template, verb: str) -> set[str]:
    found: set[str] = set()
    for statement in template.grants(verb):
        given = statement["Action"]
        found.update([given] if isinstance(given, str) else given)
    return found - {"logs:CreateLogStream", "logs:PutLogEvents"}


def test_models_that_ask_for_neither_have_nothing_of_it(churn: Template) -> None:
    assert ADDED.isdisjoint(churn.functions())
    assert not any(
        "/approvals/" in each["RouteKey"] for each in churn.of_type("AWS::ApiGatewayV2::Route").values()
    )


def test_the_stages_come_after_verification_and_before_the_first_step(states: dict[str, Any]) -> None:
    assert states["Verify release"]["Next"] == "First release?"
    assert states["First release?"]["Default"] == "Shadow"
    assert states["First release?"]["Choices"][0]["Next"] == "Ask approval"
    assert states["Shadow"] == {"Type": "Wait", "Seconds": 600, "Next": "Shadow release"}
    assert states["Shadow release"]["Next"] == "Shadow verdict"
    assert {each["StringEquals"]: each["Next"] for each in states["Shadow verdict"]["Choices"]} == {
        "advance": "Ask approval",
        "hold": "Shadow",
    }
    assert states["Shadow verdict"]["Default"] == "Roll back release"
    entries = [
        name
        for name, state in states.items()
        if "Shift traffic" in str(state.get("Choices", state.get("Next")))
    ]
    assert entries == ["Approved?", "Verdict"]


def test_silence_is_waited_for_twice_and_never_approves(states: dict[str, Any]) -> None:
    asking, reminding = states["Ask approval"], states["Remind approvers"]
    assert asking["TimeoutSeconds"] + reminding["TimeoutSeconds"] == 24 * 3600
    assert reminding["TimeoutSeconds"] == 4 * 3600
    assert asking["Catch"][0] == {
        "ErrorEquals": ["States.Timeout"],
        "ResultPath": None,
        "Next": "Remind approvers",
    }
    assert reminding["Catch"][0] == {
        "ErrorEquals": ["States.Timeout"],
        "ResultPath": None,
        "Next": "Record approval",
    }
    for state in (asking, reminding):
        assert state["Parameters"]["Payload"]["token.$"] == "$$.Task.Token"
        assert state["Next"] == "Record approval"
    [approved] = states["Approved?"]["Choices"]
    assert approved == {"Variable": "$.approval.approved", "BooleanEquals": True, "Next": "Shift traffic"}
    assert states["Approved?"]["Default"] == "Roll back release"


def test_a_failure_of_either_stage_takes_everything_back(states: dict[str, Any]) -> None:
    for name in ("Shadow release", "Ask approval", "Remind approvers", "Record approval"):
        assert states[name]["Catch"][-1] == {
            "ErrorEquals": ["States.ALL"],
            "ResultPath": "$.error",
            "Next": "Roll back release",
        }


def test_none_of_the_functions_may_move_traffic_or_publish(price: Template) -> None:
    for verb in ADDED:
        allowed = {"lambda:InvokeFunction"} if verb == "shadow_release" else set()
        assert {each for each in actions(price, verb) if each.startswith("lambda:")} == allowed


def test_each_function_may_do_its_own_part_only(price: Template) -> None:
    record = {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}
    assert actions(price, "record_approval") == record
    assert actions(price, "ask_approval") == record | {"sns:Publish"}
    assert actions(price, "decide_approval") == record | {"states:SendTaskSuccess"}
    assert actions(price, "shadow_release") == record | {
        "lambda:InvokeFunction",
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:ListBucket",
    }


def test_only_one_function_of_all_may_wake_a_workflow(templates: dict[str, Template]) -> None:
    wakers = {
        (stack, verb)
        for stack, template in templates.items()
        for verb in template.functions()
        if "states:SendTaskSuccess" in actions(template, verb)
    }
    assert wakers == {("Lambdaloop-price", "decide_approval")}


def test_copies_go_to_published_versions_only(price: Template) -> None:
    [invoke] = [each for each in price.grants("shadow_release") if each["Action"] == "lambda:InvokeFunction"]
    assert invoke["Resource"]["Fn::Join"][1][-1] == ":*"


def test_the_signed_path_needs_iam_and_the_link_is_two_methods_of_one_path(price: Template) -> None:
    routes = price.of_type("AWS::ApiGatewayV2::Route").values()
    assert {
        each["RouteKey"]: each["AuthorizationType"] for each in routes if "/approvals/" in each["RouteKey"]
    } == {
        "POST /approvals/price": "AWS_IAM",
        "GET /approvals/price/link": "NONE",
        "POST /approvals/price/link": "NONE",
    }


def test_the_api_may_invoke_the_function_for_its_paths_only(price: Template) -> None:
    permissions: list[Resource] = [
        each
        for each in price.of_type("AWS::Lambda::Permission").values()
        if "DecideApproval" in str(each["FunctionName"])
    ]
    assert {each["SourceArn"]["Fn::Join"][1][-1] for each in permissions} == {
        "/*/*/approvals/price",
        "/*/*/approvals/price/link",
    }


def test_no_secret_is_told_to_a_function(price: Template) -> None:
    for verb in ADDED:
        names = set(price.functions()[verb]["Environment"]["Variables"])
        assert names <= {
            "LAMBDALOOP_MODEL",
            "LAMBDALOOP_REGISTRY_TABLE",
            "LAMBDALOOP_ALERT_TOPIC",
            "LAMBDALOOP_API_ENDPOINT",
            "LAMBDALOOP_INFERENCE_FUNCTION",
            "LAMBDALOOP_MODEL_BUCKET",
            "LAMBDALOOP_CAPTURE_BUCKET",
        }
