"""Storage, messages and rights take effect when created, change in place, and go away."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.s3.models import s3_backends

from scripts.localcloud.cloud import ACCOUNT_ID
from tests.localcloud.deployed_stack import DeployedStack
from tests.localcloud.running_cloud import RunningCloud
from tests.localcloud.template_parts import TRUST, entry, policy

pytestmark = pytest.mark.localcloud

NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    with RunningCloud.running(tmp_path_factory.mktemp("resources"), speed=100) as cloud:
        yield cloud


@pytest.fixture
def stack(running: RunningCloud) -> Iterator[DeployedStack]:
    stack = DeployedStack(running, f"resources-{next(NUMBERS)}")
    yield stack
    stack.delete()


def test_a_bucket_is_versioned_encrypted_closed_and_expires_what_it_should(stack: DeployedStack) -> None:
    properties: dict[str, Any] = {
        "VersioningConfiguration": {"Status": "Enabled"},
        "PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "RestrictPublicBuckets": True},
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": True}
            ]
        },
        "LifecycleConfiguration": {
            "Rules": [
                {
                    "Id": "old",
                    "Status": "Enabled",
                    "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
                    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                },
                {
                    "Id": "logs",
                    "Status": "Enabled",
                    "Prefix": "logs/",
                    "ExpirationInDays": 90,
                    "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 30}],
                },
            ]
        },
        "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "Tags": [{"Key": "team", "Value": "loop"}],
    }
    assert stack.create({"Data": entry("S3::Bucket", **properties)}) == "CREATE_COMPLETE"
    name, s3 = stack.physical_id("Data"), stack.running.client("s3")
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    blocks = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert (blocks["BlockPublicAcls"], blocks["IgnorePublicAcls"]) == (True, False)
    rules = {rule["ID"]: rule for rule in s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]}
    assert rules["old"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert rules["old"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert rules["logs"]["Expiration"] == {"Days": 90}
    assert rules["logs"]["Filter"] == {"Prefix": "logs/"}
    assert rules["logs"]["Transitions"] == [{"Days": 30, "StorageClass": "GLACIER"}]
    in_moto = s3_backends[ACCOUNT_ID]["aws"].buckets[name]  # its API does not tell about EventBridge
    assert in_moto.notification_configuration.event_bridge is not None
    assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == [{"Key": "team", "Value": "loop"}]
    encryption = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert encryption["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}

    del properties["LifecycleConfiguration"]
    properties["VersioningConfiguration"] = {"Status": "Suspended"}
    assert stack.update({"Data": entry("S3::Bucket", **properties)}) == "UPDATE_COMPLETE"
    assert stack.physical_id("Data") == name
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Suspended"
    with pytest.raises(ClientError, match="lifecycle configuration does not exist"):
        s3.get_bucket_lifecycle_configuration(Bucket=name)


def test_a_bucket_policy_is_accepted_and_denies_nothing(stack: DeployedStack) -> None:
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    only_tls = {**deny, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    document = {"Version": "2012-10-17", "Statement": [only_tls]}
    resources = {
        "Data": entry("S3::Bucket"),
        "Policy": entry("S3::BucketPolicy", Bucket={"Ref": "Data"}, PolicyDocument=document),
    }
    assert stack.create(resources) == "CREATE_COMPLETE"
    s3, name = stack.running.client("s3"), stack.physical_id("Data")
    s3.put_object(Bucket=name, Key="k", Body=b"1")
    s3.delete_object(Bucket=name, Key="k")


def test_a_table_is_protected_and_keeps_its_content_when_it_changes(stack: DeployedStack) -> None:
    properties: dict[str, Any] = {
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "by", "AttributeType": "S"},
        ],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
        "DeletionProtectionEnabled": True,
        "SSESpecification": {"SSEEnabled": True},
        "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "by-owner",
                "KeySchema": [{"AttributeName": "by", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    }
    outputs = {"Stream": {"Value": {"Fn::GetAtt": ["Registry", "StreamArn"]}}}
    stack.create({"Registry": entry("DynamoDB::Table", **properties)}, Outputs=outputs)
    assert stack.described().get("StackStatusReason") is None
    name, dynamodb = stack.physical_id("Registry"), stack.running.client("dynamodb")
    assert f"table/{name}/stream/" in stack.outputs["Stream"]
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert (expiry["TimeToLiveStatus"], expiry["AttributeName"]) == ("ENABLED", "expires_at")
    table = dynamodb.describe_table(TableName=name)["Table"]
    assert table["DeletionProtectionEnabled"]
    assert table["SSEDescription"]["Status"] == "ENABLED"
    dynamodb.put_item(TableName=name, Item={"pk": {"S": "1"}})

    stack.delete()
    assert stack.status == "DELETE_FAILED"
    assert "Registry" in stack.described()["StackStatusReason"]
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
    assert dynamodb.get_item(TableName=name, Key={"pk": {"S": "1"}})["Item"]


def test_a_table_drops_protection_and_indexes_in_place(stack: DeployedStack) -> None:
    key = {"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]}
    schema = {"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}
    stack.create({"Registry": entry("DynamoDB::Table", **key, **schema, DeletionProtectionEnabled=True)})
    name = stack.physical_id("Registry")
    assert stack.update({"Registry": entry("DynamoDB::Table", **key, **schema)}) == "UPDATE_COMPLETE"
    assert stack.physical_id("Registry") == name
    table = stack.running.client("dynamodb").describe_table(TableName=name)["Table"]
    assert not table["DeletionProtectionEnabled"]


def test_topics_deliver_to_queues(stack: DeployedStack) -> None:
    resources = {
        "Alerts": entry("SNS::Topic"),
        "Inbox": entry("SQS::Queue", VisibilityTimeout=5),
        "MaySend": entry(
            "SQS::QueuePolicy", Queues=[{"Ref": "Inbox"}], PolicyDocument=policy("sqs:SendMessage")
        ),
        "MayPublish": entry(
            "SNS::TopicPolicy", Topics=[{"Ref": "Alerts"}], PolicyDocument=policy("sns:Publish")
        ),
        "Listens": entry(
            "SNS::Subscription",
            TopicArn={"Ref": "Alerts"},
            Protocol="sqs",
            Endpoint={"Fn::GetAtt": ["Inbox", "Arn"]},
            RawMessageDelivery=True,
        ),
    }
    assert stack.create(resources) == "CREATE_COMPLETE"
    sqs, url = stack.running.client("sqs"), stack.physical_id("Inbox")
    stack.running.client("sns").publish(TopicArn=stack.physical_id("Alerts"), Message="fire")
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "fire"
    resources["Inbox"] = entry("SQS::Queue", VisibilityTimeout=9)
    assert stack.update(resources) == "UPDATE_COMPLETE"
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    assert attributes["VisibilityTimeout"] == "9"


def test_roles_get_and_lose_policies(stack: DeployedStack) -> None:
    basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    inline = {"PolicyName": "inline", "PolicyDocument": policy("s3:GetObject")}
    resources = {
        "Role": entry(
            "IAM::Role", AssumeRolePolicyDocument=TRUST, ManagedPolicyArns=[basic], Policies=[inline]
        ),
        "More": entry(
            "IAM::Policy", PolicyName="more", PolicyDocument=policy("sns:Publish"), Roles=[{"Ref": "Role"}]
        ),
        "Shared": entry("IAM::ManagedPolicy", PolicyDocument=policy("sqs:*"), Roles=[{"Ref": "Role"}]),
    }
    assert stack.create(resources) == "CREATE_COMPLETE"
    iam, name = stack.running.client("iam"), stack.physical_id("Role")
    assert sorted(iam.list_role_policies(RoleName=name)["PolicyNames"]) == ["inline", "more"]
    attached = {
        one["PolicyArn"] for one in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    }
    assert attached == {basic, stack.physical_id("Shared")}

    resources["Role"] = entry("IAM::Role", AssumeRolePolicyDocument=TRUST, Description="less")
    resources["More"]["Properties"]["PolicyDocument"] = policy("sns:Subscribe")
    resources["Shared"]["Properties"]["PolicyDocument"] = policy("sqs:SendMessage")
    assert stack.update(resources) == "UPDATE_COMPLETE"
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == ["more"]
    more = iam.get_role_policy(RoleName=name, PolicyName="more")["PolicyDocument"]
    assert more["Statement"][0]["Action"] == "sns:Subscribe"
    shared = iam.get_policy(PolicyArn=stack.physical_id("Shared"))["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=stack.physical_id("Shared"), VersionId=shared)
    assert document["PolicyVersion"]["Document"]["Statement"][0]["Action"] == "sqs:SendMessage"

    stack.delete()
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName=name)


def test_parameters_and_keys(stack: DeployedStack) -> None:
    resources = {
        "Setting": entry("SSM::Parameter", Type="String", Value="1"),
        "Key": entry("KMS::Key", KeyPolicy=policy("kms:*"), EnableKeyRotation=True),
        "Name": entry("KMS::Alias", AliasName="alias/loop", TargetKeyId={"Ref": "Key"}),
    }
    outputs = {"Value": {"Value": {"Fn::GetAtt": ["Setting", "Value"]}}}
    assert stack.create(resources, Outputs=outputs) == "CREATE_COMPLETE"
    assert stack.outputs["Value"] == "1"
    kms, key = stack.running.client("kms"), stack.physical_id("Key")
    assert kms.describe_key(KeyId="alias/loop")["KeyMetadata"]["KeyId"] == key
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
    resources["Setting"]["Properties"]["Value"] = "2"
    resources["Key"]["Properties"]["EnableKeyRotation"] = False
    assert stack.update(resources, Outputs=outputs) == "UPDATE_COMPLETE"
    assert stack.outputs["Value"] == "2"
    assert not kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
