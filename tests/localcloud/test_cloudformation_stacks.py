"""What happens to a stack's resources when it is created, updated, rolled back and deleted."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localcloud.deployed_stack import DeployedStack
from tests.localcloud.running_cloud import RunningCloud, zipped

pytestmark = pytest.mark.localcloud

BROKEN = {
    "Type": "AWS::StepFunctions::StateMachine",
    "Properties": {
        "RoleArn": "arn:aws:iam::123456789012:role/any",
        "DefinitionString": '{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}',
    },
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    with RunningCloud.running(tmp_path_factory.mktemp("stacks"), speed=100) as cloud:
        cloud.client("s3").create_bucket(Bucket="code")
        for number in (1, 2):
            source = f"def handler(event, context):\n    return {number}\n"
            cloud.client("s3").put_object(Bucket="code", Key=f"{number}.zip", Body=zipped(index=source))
        yield cloud


NUMBERS = itertools.count(1)


@pytest.fixture
def stack(running: RunningCloud) -> Iterator[DeployedStack]:
    stack = DeployedStack(running, f"stack-{next(NUMBERS)}")
    yield stack
    stack.api.delete_stack(StackName=stack.name)


def topic(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SNS::Topic", "Properties": properties}


def bucket(**entry: Any) -> dict[str, Any]:
    return {"Type": "AWS::S3::Bucket", **entry}


def function_with_alias(*, code: str = "1.zip", message: str = "hello", memory: int = 128) -> dict[str, Any]:
    return {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
        },
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Code": {"S3Bucket": "code", "S3Key": code},
                "Handler": "index.handler",
                "Runtime": "python3.13",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Environment": {"Variables": {"MESSAGE": message}},
                "MemorySize": memory,
            },
        },
        "First": {
            "Type": "AWS::Lambda::Version",
            "Properties": {"FunctionName": {"Ref": "Function"}},
            "DeletionPolicy": "Retain",
        },
        "Live": {
            "Type": "AWS::Lambda::Alias",
            "Properties": {
                "Name": "live",
                "FunctionName": {"Ref": "Function"},
                "FunctionVersion": {"Fn::GetAtt": ["First", "Version"]},
            },
        },
    }


def test_a_new_stack_has_its_resources_and_outputs(stack: DeployedStack) -> None:
    status = stack.create(
        {"Alerts": topic(DisplayName="alerts")},
        Outputs={"Arn": {"Value": {"Ref": "Alerts"}, "Description": "where alerts go"}},
    )
    assert status == "CREATE_COMPLETE"
    attributes = stack.running.client("sns").get_topic_attributes(TopicArn=stack.outputs["Arn"])
    assert attributes["Attributes"]["DisplayName"] == "alerts"


def test_an_unknown_resource_type_is_refused_before_anything_is_made(stack: DeployedStack) -> None:
    with pytest.raises(ClientError, match=r"\[Gate\] the local cloud does not provide AWS::Teleport::Gate"):
        stack.create({"Alerts": topic(), "Gate": {"Type": "AWS::Teleport::Gate"}})
    with pytest.raises(ClientError, match="does not exist"):
        stack.described()


def test_a_property_that_would_be_ignored_is_refused(stack: DeployedStack) -> None:
    replication = {"Role": "r", "Rules": []}
    with pytest.raises(ClientError, match=r"does not apply AWS::S3::Bucket ReplicationConfiguration"):
        stack.create({"Data": bucket(Properties={"ReplicationConfiguration": replication})})


def test_a_failed_creation_rolls_back_and_says_why(stack: DeployedStack) -> None:
    assert (
        stack.create({"Alerts": topic(), "Broken": {**BROKEN, "DependsOn": "Alerts"}}) == "ROLLBACK_COMPLETE"
    )
    assert "Missing 'Next' target: B" in stack.described()["StackStatusReason"]
    assert stack.happened()[-3:-1] == [("Alerts", "DELETE_IN_PROGRESS"), ("Alerts", "DELETE_COMPLETE")]
    assert stack.api.list_stack_resources(StackName=stack.name)["StackResourceSummaries"] == []


def test_a_half_made_resource_is_removed_too(stack: DeployedStack) -> None:
    logging = {"DestinationBucketName": "no-such-bucket", "LogFilePrefix": "x"}
    half_made = bucket(Properties={"BucketName": "half-made", "LoggingConfiguration": logging})
    assert stack.create({"Data": half_made}) == "ROLLBACK_COMPLETE"
    assert ("Data", "CREATE_FAILED") in stack.happened()
    names = [one["Name"] for one in stack.running.client("s3").list_buckets()["Buckets"]]
    assert "half-made" not in names


def test_a_failed_update_puts_everything_back(stack: DeployedStack) -> None:
    stack.create({"Alerts": topic(DisplayName="before"), "Old": topic()})
    before = stack.physical_id("Alerts")
    changed = {
        "Alerts": topic(DisplayName="after"),
        "New": topic(),
        "Broken": {**BROKEN, "DependsOn": ["Alerts", "New"]},
    }
    assert stack.update(changed) == "UPDATE_ROLLBACK_COMPLETE"
    attributes = stack.running.client("sns").get_topic_attributes(TopicArn=before)["Attributes"]
    assert attributes["DisplayName"] == "before"
    resources = stack.api.list_stack_resources(StackName=stack.name)["StackResourceSummaries"]
    assert {one["LogicalResourceId"] for one in resources} == {"Alerts", "Old"}


def test_an_update_touches_only_what_changed(stack: DeployedStack) -> None:
    stack.create({"A": topic(DisplayName="a"), "B": topic(DisplayName="b")})
    seen = len(stack.happened())
    assert stack.update({"A": topic(DisplayName="a"), "B": topic(DisplayName="changed")}) == "UPDATE_COMPLETE"
    assert {name for name, _ in stack.happened()[seen:]} == {"B", stack.name}


def test_an_update_without_changes_is_refused_as_aws_does(stack: DeployedStack) -> None:
    stack.create({"A": topic()})
    with pytest.raises(ClientError, match=r"No updates are to be performed\."):
        stack.update({"A": topic()})


def test_a_property_that_cannot_change_replaces_the_resource(stack: DeployedStack) -> None:
    stack.create({"A": topic(TopicName="first")}, Outputs={"Arn": {"Value": {"Ref": "A"}}})
    stack.update({"A": topic(TopicName="second")}, Outputs={"Arn": {"Value": {"Ref": "A"}}})
    assert stack.outputs["Arn"].endswith(":second")
    topics = [one["TopicArn"] for one in stack.running.client("sns").list_topics()["Topics"]]
    assert not [arn for arn in topics if arn.endswith(":first")]


def test_a_retained_resource_outlives_its_stack(running: RunningCloud) -> None:
    stack = DeployedStack(running, "retaining")
    stack.create({"Data": bucket(DeletionPolicy="Retain"), "Scratch": bucket()})
    kept, scratch = stack.physical_id("Data"), stack.physical_id("Scratch")
    stack.api.delete_stack(StackName="retaining")
    names = [one["Name"] for one in running.client("s3").list_buckets()["Buckets"]]
    assert kept in names
    assert scratch not in names


def test_a_resource_that_cannot_be_deleted_stays_with_its_stack(stack: DeployedStack) -> None:
    stack.create({"Data": bucket(), "Alerts": topic()})
    name = stack.physical_id("Data")
    stack.running.client("s3").put_object(Bucket=name, Key="k", Body=b"1")
    stack.api.delete_stack(StackName=stack.name)
    assert stack.status == "DELETE_FAILED"
    assert "Data" in stack.described()["StackStatusReason"]
    stack.running.client("s3").delete_object(Bucket=name, Key="k")
    stack.api.delete_stack(StackName=stack.name)
    with pytest.raises(ClientError, match="does not exist"):
        stack.described()


def test_deploying_code_never_touches_an_alias_that_was_moved_since(stack: DeployedStack) -> None:
    stack.create(function_with_alias(), Outputs={"Name": {"Value": {"Ref": "Function"}}})
    name, client = stack.outputs["Name"], stack.running.client("lambda")
    client.update_function_configuration(FunctionName=name, Environment={"Variables": {"PIN": "2"}})
    client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.02})
    second = client.publish_version(FunctionName=name)["Version"]
    client.get_waiter("published_version_active").wait(
        FunctionName=name, Qualifier=second, WaiterConfig={"Delay": 0.02}
    )
    client.update_alias(
        FunctionName=name, Name="live", RoutingConfig={"AdditionalVersionWeights": {second: 0.25}}
    )
    before = client.get_alias(FunctionName=name, Name="live")
    seen = len(stack.happened())

    assert stack.update(function_with_alias(code="2.zip", message="bye", memory=512)) == "UPDATE_COMPLETE"

    after = client.get_alias(FunctionName=name, Name="live")
    assert {key: after[key] for key in ("FunctionVersion", "RoutingConfig", "RevisionId")} == {
        key: before[key] for key in ("FunctionVersion", "RoutingConfig", "RevisionId")
    }
    assert {logical_id for logical_id, _ in stack.happened()[seen:]} == {"Function", stack.name}
    latest = client.get_function_configuration(FunctionName=name)
    assert latest["MemorySize"] == 512
    assert latest["Environment"]["Variables"] == {"MESSAGE": "bye"}
    first = client.get_function_configuration(FunctionName=name, Qualifier="1")
    assert first["MemorySize"] == 128
    assert first["CodeSha256"] != latest["CodeSha256"]


def test_an_export_in_use_can_be_neither_changed_nor_deleted(running: RunningCloud) -> None:
    owner, user = DeployedStack(running, "owner"), DeployedStack(running, "user")
    exported = {"Arn": {"Value": {"Ref": "A"}, "Export": {"Name": "alerts-arn"}}}
    owner.create({"A": topic(TopicName="exported")}, Outputs=exported)
    user.create(
        {"Other": topic(DisplayName={"Fn::ImportValue": "alerts-arn"})},
        Outputs={"Imported": {"Value": {"Fn::ImportValue": "alerts-arn"}}},
    )
    assert user.outputs["Imported"].endswith(":exported")
    with pytest.raises(ClientError, match="as it is in use by user"):
        owner.api.delete_stack(StackName="owner")
    assert owner.update({"A": topic(TopicName="renamed")}, Outputs=exported) == "UPDATE_ROLLBACK_COMPLETE"
    assert "cannot be updated as it is in use by user" in owner.described()["StackStatusReason"]
    assert running.client("cloudformation").list_imports(ExportName="alerts-arn")["Imports"] == ["user"]
    user.api.delete_stack(StackName="user")
    owner.api.delete_stack(StackName="owner")
    with pytest.raises(ClientError, match="does not exist"):
        owner.described()


def test_an_import_of_nothing_is_refused(stack: DeployedStack) -> None:
    with pytest.raises(ClientError, match="No export named nowhere found"):
        stack.create({"A": topic(DisplayName={"Fn::ImportValue": "nowhere"})})


def test_a_protected_stack_is_not_deleted(stack: DeployedStack) -> None:
    stack.create({"A": topic()})
    protect = stack.api.update_termination_protection
    protect(StackName=stack.name, EnableTerminationProtection=True)
    with pytest.raises(ClientError, match="TerminationProtection is enabled"):
        stack.api.delete_stack(StackName=stack.name)
    protect(StackName=stack.name, EnableTerminationProtection=False)


def test_a_change_set_tells_what_would_happen_and_does_nothing(stack: DeployedStack) -> None:
    stack.create({"A": topic(DisplayName="a"), "B": topic(TopicName="b"), "C": topic()})
    body = json.dumps(
        {
            "Resources": {
                "A": topic(DisplayName="x"),
                "B": topic(TopicName="x"),
                "D": topic(DisplayName={"Ref": "B"}),
            }
        }
    )
    made = stack.api.create_change_set(StackName=stack.name, ChangeSetName="plan", TemplateBody=body)
    changes = {
        change["ResourceChange"]["LogicalResourceId"]: (
            change["ResourceChange"]["Action"],
            change["ResourceChange"].get("Replacement"),
        )
        for change in stack.api.describe_change_set(ChangeSetName=made["Id"])["Changes"]
    }
    assert changes == {
        "A": ("Modify", "False"),
        "B": ("Modify", "True"),
        "C": ("Remove", None),
        "D": ("Add", None),
    }
    assert stack.status == "CREATE_COMPLETE"
    stack.api.execute_change_set(ChangeSetName=made["Id"])
    assert stack.status == "UPDATE_COMPLETE"


def test_a_change_set_without_changes_fails_with_the_words_the_cdk_looks_for(stack: DeployedStack) -> None:
    stack.create({"A": topic()})
    body = json.dumps({"Resources": {"A": topic()}})
    made = stack.api.create_change_set(StackName=stack.name, ChangeSetName="none", TemplateBody=body)
    found = stack.api.describe_change_set(ChangeSetName=made["Id"])
    assert found["Status"] == "FAILED"
    assert found["StatusReason"].startswith("The submitted information didn't contain changes.")


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1/code/t.json", "https://code.s3.us-east-1.amazonaws.com/t.json"]
)
def test_a_template_may_lie_in_a_bucket(stack: DeployedStack, address: str) -> None:
    body = json.dumps({"Resources": {"A": topic()}})
    stack.running.client("s3").put_object(Bucket="code", Key="t.json", Body=body.encode())
    stack.api.create_stack(StackName=stack.name, TemplateURL=address)
    assert stack.status == "CREATE_COMPLETE"
    assert json.loads(json.dumps(stack.api.get_template(StackName=stack.name)["TemplateBody"])) == json.loads(
        body
    )
