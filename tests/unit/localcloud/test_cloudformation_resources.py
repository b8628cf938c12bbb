"""Each resource type takes effect when it is created, changes in place, and goes away."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.s3.models import s3_backends

from scripts.localcloud.cloud import ACCOUNT_ID
from tests.unit.localcloud.deployed_stack import DeployedStack
from tests.unit.localcloud.running_cloud import RunningCloud, zipped

pytestmark = pytest.mark.localcloud

NUMBERS = itertools.count(1)
TRUST = {"Version": "2012-10-17", "Statement": []}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    with RunningCloud.running(tmp_path_factory.mktemp("resources"), speed=100) as cloud:
        cloud.client("s3").create_bucket(Bucket="code")
        source = zipped(index="def handler(event, context):\n    return 1\n")
        cloud.client("s3").put_object(Bucket="code", Key="1.zip", Body=source)
        yield cloud


@pytest.fixture
def stack(running: RunningCloud) -> Iterator[DeployedStack]:
    stack = DeployedStack(running, f"resources-{next(NUMBERS)}")
    yield stack
    stack.delete()


def entry(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def policy(action: str) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}


ROLE = entry("IAM::Role", AssumeRolePolicyDocument=TRUST)
FUNCTION = entry(
    "Lambda::Function",
    Code={"S3Bucket": "code", "S3Key": "1.zip"},
    Handler="index.handler",
    Runtime="python3.13",
    Role={"Fn::GetAtt": ["Role", "Arn"]},
)


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


def test_an_http_api_has_an_address_on_this_machine(stack: DeployedStack) -> None:
    api = {"Ref": "Api"}
    resources = {
        "Role": ROLE,
        "Function": FUNCTION,
        "Api": entry("ApiGatewayV2::Api", Name="api", ProtocolType="HTTP"),
        "Stage": entry("ApiGatewayV2::Stage", ApiId=api, StageName="$default", AutoDeploy=True),
        "Integration": entry(
            "ApiGatewayV2::Integration",
            ApiId=api,
            IntegrationType="AWS_PROXY",
            IntegrationUri={"Fn::GetAtt": ["Function", "Arn"]},
            PayloadFormatVersion="2.0",
        ),
        "Route": entry(
            "ApiGatewayV2::Route",
            ApiId=api,
            RouteKey="GET /",
            AuthorizationType="AWS_IAM",
            Target={"Fn::Join": ["/", ["integrations", {"Ref": "Integration"}]]},
        ),
    }
    outputs = {"Endpoint": {"Value": {"Fn::GetAtt": ["Api", "ApiEndpoint"]}}}
    assert stack.create(resources, Outputs=outputs) == "CREATE_COMPLETE"
    client, api_id = stack.running.client("apigatewayv2"), stack.physical_id("Api")
    endpoint = f"http://127.0.0.1:{stack.running.cloud.gateway_port}/{api_id}"
    assert stack.outputs["Endpoint"] == endpoint == client.get_api(ApiId=api_id)["ApiEndpoint"]

    settings = {"ThrottlingBurstLimit": 5, "ThrottlingRateLimit": 10}
    resources["Stage"]["Properties"]["DefaultRouteSettings"] = settings
    resources["Route"]["Properties"]["AuthorizationType"] = "NONE"
    assert stack.update(resources, Outputs=outputs) == "UPDATE_COMPLETE"
    stage = client.get_stage(ApiId=api_id, StageName="$default")
    assert stage["DefaultRouteSettings"] == settings
    assert stage["AutoDeploy"]
    route = client.get_route(ApiId=api_id, RouteId=stack.physical_id("Route"))
    assert route["AuthorizationType"] == "NONE"
    assert stack.physical_id("Api") == api_id


def test_a_function_has_layers_permissions_and_retries(stack: DeployedStack) -> None:
    function = {"Ref": "Function"}
    resources = {
        "Role": ROLE,
        "Layer": entry("Lambda::LayerVersion", Content={"S3Bucket": "code", "S3Key": "1.zip"}),
        "Function": entry(
            "Lambda::Function",
            **FUNCTION["Properties"],
            Layers=[{"Ref": "Layer"}],
            ReservedConcurrentExecutions=3,
        ),
        "First": entry("Lambda::Version", FunctionName=function),
        "Live": entry(
            "Lambda::Alias",
            FunctionName=function,
            Name="live",
            FunctionVersion={"Fn::GetAtt": ["First", "Version"]},
        ),
        "MayInvoke": entry(
            "Lambda::Permission",
            Action="lambda:InvokeFunction",
            FunctionName={"Ref": "Live"},
            Principal="apigateway.amazonaws.com",
        ),
        "Retries": entry(
            "Lambda::EventInvokeConfig", FunctionName=function, Qualifier="$LATEST", MaximumRetryAttempts=0
        ),
    }
    assert stack.create(resources) == "CREATE_COMPLETE"
    client, name = stack.running.client("lambda"), stack.physical_id("Function")
    configuration = client.get_function_configuration(FunctionName=name)
    assert [layer["Arn"] for layer in configuration["Layers"]] == [stack.physical_id("Layer")]
    granted = json.loads(client.get_policy(FunctionName=name, Qualifier="live")["Policy"])["Statement"]
    assert [one["Principal"] for one in granted] == [{"Service": "apigateway.amazonaws.com"}]
    assert client.get_function_event_invoke_config(FunctionName=name)["MaximumRetryAttempts"] == 0
    assert client.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"] == 3

    layer = stack.physical_id("Layer")
    resources["Layer"]["Properties"]["Description"] = "second"
    assert stack.update(resources) == "UPDATE_COMPLETE"
    assert stack.physical_id("Layer") != layer
    configuration = client.get_function_configuration(FunctionName=name)
    assert [one["Arn"] for one in configuration["Layers"]] == [stack.physical_id("Layer")]
    pinned = client.get_function_configuration(FunctionName=name, Qualifier="1")
    assert [one["Arn"] for one in pinned["Layers"]] == [layer]


def test_source_in_the_template_becomes_a_function(stack: DeployedStack) -> None:
    properties = {
        **FUNCTION["Properties"],
        "Code": {"ZipFile": "def handler(event, context):\n    return 1\n"},
    }
    assert (
        stack.create({"Role": ROLE, "Function": entry("Lambda::Function", **properties)}) == "CREATE_COMPLETE"
    )


def test_a_state_machine_is_substituted_and_changes_in_place(stack: DeployedStack) -> None:
    definition = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": "${word}", "End": True}}}
    properties = {"RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}, "DefinitionString": json.dumps(definition)}

    def resources(word: str) -> dict[str, Any]:
        machine = entry("StepFunctions::StateMachine", **properties, DefinitionSubstitutions={"word": word})
        return {"Role": ROLE, "Machine": machine}

    stack.create(resources("hello"))
    arn, states = stack.physical_id("Machine"), stack.running.client("stepfunctions")
    described = states.describe_state_machine(stateMachineArn=arn)
    assert json.loads(described["definition"])["States"]["A"]["Result"] == "hello"
    assert stack.update(resources("bye")) == "UPDATE_COMPLETE"
    assert stack.physical_id("Machine") == arn
    described = states.describe_state_machine(stateMachineArn=arn)
    assert json.loads(described["definition"])["States"]["A"]["Result"] == "bye"


def test_logs_are_kept_filtered_and_passed_on(stack: DeployedStack) -> None:
    group = {"Ref": "Group"}
    metric = {
        "MetricName": "Errors",
        "MetricNamespace": "Loop",
        "MetricValue": "1",
        "Dimensions": [{"Key": "Model", "Value": "$.model"}],
    }
    destination = {"BucketARN": "arn:aws:s3:::code", "RoleARN": {"Fn::GetAtt": ["Role", "Arn"]}}
    resources = {
        "Role": ROLE,
        "Group": entry("Logs::LogGroup", RetentionInDays=30),
        "Filter": entry(
            "Logs::MetricFilter",
            LogGroupName=group,
            FilterPattern="{ $.model = * }",
            MetricTransformations=[metric],
        ),
        "Stream": entry("KinesisFirehose::DeliveryStream", ExtendedS3DestinationConfiguration=destination),
        "Capture": entry(
            "Logs::SubscriptionFilter",
            LogGroupName=group,
            FilterPattern="",
            DestinationArn={"Fn::GetAtt": ["Stream", "Arn"]},
            RoleArn={"Fn::GetAtt": ["Role", "Arn"]},
        ),
    }
    assert stack.create(resources) == "CREATE_COMPLETE"
    logs, name = stack.running.client("logs"), stack.physical_id("Group")
    assert logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]["retentionInDays"] == 30
    [found] = logs.describe_metric_filters(logGroupName=name)["metricFilters"]
    assert found["metricTransformations"][0]["dimensions"] == {"Model": "$.model"}
    [subscription] = logs.describe_subscription_filters(logGroupName=name)["subscriptionFilters"]
    assert subscription["destinationArn"].endswith(stack.physical_id("Stream"))

    resources["Group"] = entry("Logs::LogGroup")
    resources["Stream"]["Properties"]["ExtendedS3DestinationConfiguration"] = {
        **destination,
        "Prefix": "capture/",
    }
    assert stack.update(resources) == "UPDATE_COMPLETE"
    assert "retentionInDays" not in logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]
    firehose = stack.running.client("firehose")
    described = firehose.describe_delivery_stream(DeliveryStreamName=stack.physical_id("Stream"))
    [target] = described["DeliveryStreamDescription"]["Destinations"]
    assert target["ExtendedS3DestinationDescription"]["Prefix"] == "capture/"


def test_alarms_and_dashboards(stack: DeployedStack) -> None:
    alarm = {
        "Namespace": "Loop",
        "MetricName": "Errors",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
    }
    resources = {
        "Errors": entry("CloudWatch::Alarm", **alarm),
        "Any": entry("CloudWatch::CompositeAlarm", AlarmRule={"Fn::Sub": 'ALARM("${Errors}")'}),
        "Board": entry("CloudWatch::Dashboard", DashboardBody='{"widgets": []}'),
    }
    assert stack.create(resources) == "CREATE_COMPLETE"
    cloudwatch = stack.running.client("cloudwatch")
    names = [stack.physical_id("Errors"), stack.physical_id("Any")]
    found = cloudwatch.describe_alarms(AlarmNames=names, AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    assert [one["Threshold"] for one in found["MetricAlarms"]] == [1]
    assert [one["AlarmRule"] for one in found["CompositeAlarms"]] == [f'ALARM("{names[0]}")']
    resources["Errors"]["Properties"]["Threshold"] = 5
    assert stack.update(resources) == "UPDATE_COMPLETE"
    found = cloudwatch.describe_alarms(AlarmNames=names)
    assert [one["Threshold"] for one in found["MetricAlarms"]] == [5]
    assert cloudwatch.get_dashboard(DashboardName=stack.physical_id("Board"))["DashboardBody"]


def test_rules_and_schedules(stack: DeployedStack) -> None:
    target = {"Id": "queue", "Arn": {"Fn::GetAtt": ["Inbox", "Arn"]}}
    schedule = {
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ScheduleExpression": "rate(1 hour)",
        "Target": {"Arn": {"Fn::GetAtt": ["Inbox", "Arn"]}, "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}},
    }
    resources = {
        "Role": ROLE,
        "Inbox": entry("SQS::Queue"),
        "Bus": entry("Events::EventBus", Name="loop"),
        "Rule": entry(
            "Events::Rule", EventBusName={"Ref": "Bus"}, EventPattern={"source": ["loop"]}, Targets=[target]
        ),
        "Hourly": entry("Scheduler::Schedule", **schedule),
    }
    assert stack.create(resources) == "CREATE_COMPLETE"
    bus, _, rule = stack.physical_id("Rule").partition("|")
    events, scheduler = stack.running.client("events"), stack.running.client("scheduler")
    assert bus == "loop"
    assert len(events.list_targets_by_rule(Rule=rule, EventBusName=bus)["Targets"]) == 1
    resources["Rule"]["Properties"] = {
        "EventBusName": {"Ref": "Bus"},
        "EventPattern": {"source": ["loop"]},
        "State": "DISABLED",
    }
    resources["Hourly"]["Properties"]["ScheduleExpression"] = "rate(2 hours)"
    assert stack.update(resources) == "UPDATE_COMPLETE"
    assert events.describe_rule(Name=rule, EventBusName=bus)["State"] == "DISABLED"
    assert events.list_targets_by_rule(Rule=rule, EventBusName=bus)["Targets"] == []
    assert scheduler.get_schedule(Name=stack.physical_id("Hourly"))["ScheduleExpression"] == "rate(2 hours)"


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
