"""The policy evaluator by itself: what IAM says yes and no to."""

from typing import Any

import pytest

from scripts.localcloud.iam.conditions import UnsupportedPolicyError, arn_matches
from scripts.localcloud.iam.policy import Access, Decision, decide

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/registry"
READ = Access(action="dynamodb:GetItem", resource=TABLE)
CONTEXT = {"aws:principalaccount": ("123456789012",), "cloudwatch:namespace": ("Loop",)}


def policy(effect: str = "Allow", **fields: Any) -> dict[str, Any]:
    return {"Statement": [{"Effect": effect, "Action": "dynamodb:GetItem", "Resource": TABLE, **fields}]}


def allowed(*documents: dict[str, Any], access: Access = READ) -> bool:
    return decide(documents, access, CONTEXT).allowed


def test_nothing_is_allowed_without_a_statement() -> None:
    assert decide([], READ, {}) == Decision(allowed=False, explicit_deny=False)


def test_an_explicit_deny_wins_over_every_allow() -> None:
    for documents in ((policy(), policy("Deny")), (policy("Deny"), policy())):
        assert decide(documents, READ, {}) == Decision(allowed=False, explicit_deny=True)


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("dynamodb:GetItem", True),
        ("DYNAMODB:getitem", True),
        ("dynamodb:Get*", True),
        ("dynamodb:?etItem", True),
        ("*", True),
        ("dynamodb:PutItem", False),
        ("dynamodb:Get", False),
        ("dynamodb:Get?", False),
    ],
)
def test_actions_match_without_regard_to_case_and_with_wildcards(action: str, *, expected: bool) -> None:
    assert allowed(policy(Action=["s3:GetObject", action])) is expected


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (TABLE, True),
        ("*", True),
        ("arn:aws:dynamodb:*:*:table/reg?stry", True),
        (f"{TABLE}/*", False),
        (TABLE.upper(), False),
        ("arn:aws:dynamodb:us-east-1:123456789012:table/other", False),
    ],
)
def test_resources_match_with_regard_to_case_and_with_wildcards(resource: str, *, expected: bool) -> None:
    assert allowed(policy(Resource=resource)) is expected


def test_not_action_and_not_resource_mean_everything_else() -> None:
    other = {"Statement": {"Effect": "Allow", "NotAction": "iam:*", "NotResource": f"{TABLE}-secret"}}
    assert allowed(other)
    assert not allowed(other, access=Access(action="iam:PassRole", resource="x"))
    assert not allowed(other, access=Access(action="dynamodb:GetItem", resource=f"{TABLE}-secret"))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringEquals": {"aws:PrincipalAccount": ["1", "123456789012"]}}, True),
        ({"StringEquals": {"AWS:principalaccount": "1"}}, False),
        ({"StringNotEquals": {"aws:PrincipalAccount": "1"}}, True),
        ({"StringLike": {"cloudwatch:namespace": "Lo*"}}, True),
        ({"StringLike": {"cloudwatch:namespace": "lo*"}}, False),
        ({"StringEquals": {"unknown:key": "x"}}, False),
        ({"StringNotEquals": {"unknown:key": "x"}}, True),
        ({"StringEqualsIfExists": {"unknown:key": "x"}}, True),
        ({"Null": {"unknown:key": "true"}}, True),
        ({"Null": {"aws:PrincipalAccount": True}}, False),
        ({"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["a"]}}, True),
        ({"ForAnyValue:StringEquals": {"dynamodb:LeadingKeys": ["a"]}}, False),
        ({"StringEquals": {"aws:PrincipalAccount": "123456789012", "cloudwatch:namespace": "Other"}}, False),
    ],
)
def test_conditions_limit_a_statement(condition: dict[str, Any], *, expected: bool) -> None:
    assert allowed(policy(Condition=condition)) is expected


def test_conditions_see_what_the_request_itself_says() -> None:
    only = policy(Condition={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["a", "b"]}})
    for keys, expected in ((("a",), True), (("a", "c"), False)):
        access = Access(action=READ.action, resource=TABLE, context=(("dynamodb:leadingkeys", keys),))
        assert allowed(only, access=access) is expected


def test_what_is_not_understood_is_an_error_and_never_a_pass() -> None:
    for unknown in (
        policy(Condition={"NumericLessThan": {"s3:max-keys": "10"}}),
        policy(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
        policy(Resource="arn:aws:s3:::home/${aws:username}"),
    ):
        with pytest.raises(UnsupportedPolicyError, match="does not support"):
            allowed(unknown)


def test_arns_match_part_by_part() -> None:
    assert arn_matches(
        "arn:aws:execute-api:*:*:abc/*/*/models/{model}",
        f"arn:aws:execute-api:r:1:abc/s/POST/models/{'{model}'}",
    )
    assert not arn_matches("arn:aws:*:abc", "arn:aws:execute-api:r:1:abc")
