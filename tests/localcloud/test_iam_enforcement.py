"""A function may call what its role allows, on the resources its role names, and nothing else."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.localcloud.cloud import ACCOUNT_ID
from tests.localcloud.lambda_cloud import LambdaCloud, Statement

pytestmark = pytest.mark.localcloud

CALLS = """
import boto3
def handler(event, context):
    client = boto3.client(event["service"])
    try:
        getattr(client, event["call"])(**event.get("with", {}))
    except client.exceptions.ClientError as error:
        return [error.response["Error"]["Code"], error.response["Error"].get("Message", "")]
    return ["ok", ""]
"""
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/{}"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[LambdaCloud]:
    with LambdaCloud.running(tmp_path) as running:
        yield running


def allow(action: str | list[str], resource: str | list[str], **fields: Any) -> Statement:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **fields}


def call(world: LambdaCloud, service: str, operation: str, **parameters: Any) -> list[str]:
    event = {"service": service, "call": operation, "with": parameters}
    answer: list[str] = world.invoke("caller", event)
    return answer


def tables(world: LambdaCloud, *names: str) -> None:
    for name in names:
        world.client("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )


def test_a_right_to_one_table_is_none_to_another(world: LambdaCloud) -> None:
    tables(world, "mine", "other")
    world.function("caller", CALLS, allow("dynamodb:GetItem", TABLE.format("mine")))
    key = {"pk": {"S": "1"}}
    assert call(world, "dynamodb", "get_item", TableName="mine", Key=key) == ["ok", ""]
    code, message = call(world, "dynamodb", "get_item", TableName="other", Key=key)
    assert code == "AccessDeniedException"
    assert message == (
        "User: arn:aws:sts::123456789012:assumed-role/caller-role/caller is not authorized to perform: "
        f"dynamodb:GetItem on resource: {TABLE.format('other')} "
        "because no identity-based policy allows the dynamodb:GetItem action"
    )
    assert call(world, "dynamodb", "put_item", TableName="mine", Item=key)[0] == "AccessDeniedException"


def test_a_right_to_some_partitions_of_a_table_is_none_to_the_others(world: LambdaCloud) -> None:
    tables(world, "shared")
    actions = [f"dynamodb:{each}" for each in ("GetItem", "PutItem", "UpdateItem", "Query", "BatchGetItem")]
    mine = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["MINE#*"]}}
    world.function("caller", CALLS, allow(actions, TABLE.format("shared"), Condition=mine))

    def asked(operation: str, **parameters: Any) -> str:
        return call(world, "dynamodb", operation, **parameters)[0]

    def everything(pk: str) -> list[str]:
        key, values = {"pk": {"S": pk}}, {":p": {"S": pk}}
        put = {"Put": {"TableName": "shared", "Item": key}}
        return [
            asked("put_item", TableName="shared", Item=key),
            asked("get_item", TableName="shared", Key=key),
            asked(
                "update_item",
                TableName="shared",
                Key=key,
                UpdateExpression="SET a = :p",
                ExpressionAttributeValues=values,
            ),
            asked("transact_write_items", TransactItems=[put]),
            asked("batch_get_item", RequestItems={"shared": {"Keys": [{"pk": {"S": "MINE#0"}}, key]}}),
            asked(
                "query",
                TableName="shared",
                KeyConditionExpression="#p = :p",
                ExpressionAttributeNames={"#p": "pk"},
                ExpressionAttributeValues=values,
            ),
        ]

    assert everything("MINE#1") == ["ok"] * 6
    assert everything("YOURS#1") == ["AccessDeniedException"] * 6


def test_every_item_of_a_transaction_needs_its_own_right(world: LambdaCloud) -> None:
    tables(world, "mine")
    world.function("caller", CALLS, allow("dynamodb:PutItem", TABLE.format("mine")))
    put = {"Put": {"TableName": "mine", "Item": {"pk": {"S": "1"}}}}
    check = {
        "ConditionCheck": {
            "TableName": "mine",
            "Key": {"pk": {"S": "2"}},
            "ConditionExpression": "attribute_not_exists(pk)",
        }
    }
    assert call(world, "dynamodb", "transact_write_items", TransactItems=[put]) == ["ok", ""]
    code, message = call(world, "dynamodb", "transact_write_items", TransactItems=[put, check])
    assert code == "AccessDeniedException"
    assert "dynamodb:ConditionCheckItem" in message


def test_objects_are_protected_key_by_key_and_version_by_version(world: LambdaCloud) -> None:
    s3 = world.client("s3")
    s3.create_bucket(Bucket="data")
    s3.put_bucket_versioning(Bucket="data", VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket="data", Key="in/a", Body=b"1")["VersionId"]
    world.function(
        "caller",
        CALLS,
        allow(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::data/in/*"),
        allow("s3:ListBucket", "arn:aws:s3:::data", Condition={"StringLike": {"s3:prefix": "in/*"}}),
    )
    assert call(world, "s3", "get_object", Bucket="data", Key="in/a") == ["ok", ""]
    assert call(world, "s3", "get_object", Bucket="data", Key="out/a")[0] == "AccessDenied"
    assert call(world, "s3", "get_object", Bucket="data", Key="in/a", VersionId=version)[0] == "AccessDenied"
    assert call(world, "s3", "put_object", Bucket="data", Key="in/b", Body="2") == ["ok", ""]
    assert s3.get_object(Bucket="data", Key="in/b")["Body"].read() == b"2"
    assert call(world, "s3", "delete_object", Bucket="data", Key="in/a")[0] == "AccessDenied"
    assert call(world, "s3", "head_object", Bucket="data", Key="out/a")[0] == "403"
    assert call(world, "s3", "list_objects_v2", Bucket="data", Prefix="in/x") == ["ok", ""]
    assert call(world, "s3", "list_objects_v2", Bucket="data")[0] == "AccessDenied"
    copy = {"Bucket": "data", "Key": "in/c", "CopySource": {"Bucket": "data", "Key": "out/a"}}
    assert "s3:GetObject" in call(world, "s3", "copy_object", **copy)[1]


def test_invoking_a_version_or_alias_needs_the_right_to_exactly_that(world: LambdaCloud) -> None:
    client = world.client("lambda")
    arn = world.function("target")
    client.publish_version(FunctionName="target")
    world.function("caller", CALLS, allow("lambda:InvokeFunction", f"{arn}:1"))
    assert call(world, "lambda", "invoke", FunctionName="target:1") == ["ok", ""]
    assert call(world, "lambda", "invoke", FunctionName="target", Qualifier="1") == ["ok", ""]
    code, message = call(world, "lambda", "invoke", FunctionName="target")
    assert code == "AccessDeniedException"
    assert f"lambda:InvokeFunction on resource: {arn} " in message
    assert (
        call(world, "lambda", "update_alias", FunctionName="target", Name="live")[0]
        == "AccessDeniedException"
    )


def test_each_protocol_refuses_in_its_own_way(world: LambdaCloud) -> None:
    world.function(
        "caller",
        CALLS,
        allow("cloudwatch:PutMetricData", "*", Condition={"StringEquals": {"cloudwatch:namespace": "Loop"}}),
    )
    datum = [{"MetricName": "m", "Value": 1}]
    assert call(world, "cloudwatch", "put_metric_data", Namespace="Loop", MetricData=datum) == ["ok", ""]
    topic = f"arn:aws:sns:us-east-1:{ACCOUNT_ID}:t"
    bus = {"Source": "s", "DetailType": "d", "Detail": "{}", "EventBusName": "loop"}
    for service, operation, parameters, code in (
        ("cloudwatch", "put_metric_data", {"Namespace": "X", "MetricData": datum}, "AccessDeniedException"),
        ("sns", "publish", {"TopicArn": topic, "Message": "m"}, "AuthorizationError"),
        ("events", "put_events", {"Entries": [bus]}, "AccessDeniedException"),
        ("ssm", "get_parameter", {"Name": "/a/b"}, "AccessDeniedException"),
        ("stepfunctions", "start_execution", {"stateMachineArn": topic}, "AccessDeniedException"),
    ):
        assert call(world, service, operation, **parameters)[0] == code
    assert call(world, "sts", "get_caller_identity") == ["ok", ""]


def test_an_operation_without_a_rule_is_refused_and_names_the_table(world: LambdaCloud) -> None:
    world.function("caller", CALLS, allow("*", "*"))
    for service, operation in (("iam", "list_roles"), ("dynamodb", "describe_limits")):
        _, message = call(world, service, operation)
        assert "has no rule for" in message
        assert "scripts/localcloud/iam/actions" in message


def test_a_policy_that_cannot_be_evaluated_refuses_and_says_why(world: LambdaCloud) -> None:
    condition = {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}
    world.function("caller", CALLS, allow("s3:ListAllMyBuckets", "*", Condition=condition))
    code, message = call(world, "s3", "list_buckets")
    assert code == "AccessDenied"
    assert "the condition operator 'DateLessThan'" in message


def test_policies_that_are_attached_count_like_inline_ones(world: LambdaCloud) -> None:
    iam = world.client("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow("s3:ListAllMyBuckets", "*")]})
    policy = iam.create_policy(PolicyName="lists", PolicyDocument=document)["Policy"]["Arn"]
    world.function("caller", CALLS)
    assert call(world, "s3", "list_buckets")[0] == "AccessDenied"
    iam.attach_role_policy(RoleName="caller-role", PolicyArn=policy)
    assert call(world, "s3", "list_buckets") == ["ok", ""]


def test_every_right_that_was_used_or_missed_is_reported(world: LambdaCloud) -> None:
    tables(world, "mine")
    world.function("caller", CALLS, allow("dynamodb:DescribeTable", TABLE.format("mine")))
    call(world, "dynamodb", "describe_table", TableName="mine")
    call(world, "dynamodb", "describe_table", TableName="mine")
    call(world, "dynamodb", "scan", TableName="mine")
    usage = world.cloud.routes["GET", "iam/usage"]({})["usage"]
    mine = [line for line in usage if line["action"].startswith("dynamodb:")]
    who = {"role": "caller-role", "function": "caller", "resource": TABLE.format("mine")}
    assert mine == [
        {**who, "action": "dynamodb:DescribeTable", "allowed": True, "count": 2},
        {**who, "action": "dynamodb:Scan", "allowed": False, "count": 1},
    ]


def test_the_owner_may_do_everything(world: LambdaCloud) -> None:
    world.client("s3").create_bucket(Bucket="mine")
    assert world.client("ec2").describe_instances()["Reservations"] == []


def test_sessions_of_assumed_roles_and_users_are_held_to_their_policies(world: LambdaCloud) -> None:
    iam = world.client("iam")
    role = world.role("reader", allow("s3:ListAllMyBuckets", "*"))
    session = world.client("sts").assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    assert world.client("s3", session).list_buckets()["Buckets"] == []
    with pytest.raises(ClientError, match="user/ann is not authorized to perform: s3:ListAllMyBuckets"):
        world.client("s3", key).list_buckets()
    with pytest.raises(ClientError, match="assumed-role/reader/me is not authorized"):
        world.client("s3", session).get_bucket_versioning(Bucket="b")


def test_the_key_of_a_process_that_ended_opens_nothing(world: LambdaCloud) -> None:
    gone = {"AccessKeyId": "ASIA" + "A" * 16, "SecretAccessKey": "x", "SessionToken": "x"}
    with pytest.raises(ClientError, match="security token included in the request is invalid"):
        world.client("dynamodb", gone).list_tables()


def test_everybody_is_told_the_name_that_the_cloud_knows_them_by(world: LambdaCloud) -> None:
    identity = world.client("sts").get_caller_identity()
    assert (identity["Arn"], identity["Account"]) == (f"arn:aws:iam::{ACCOUNT_ID}:root", ACCOUNT_ID)
