"""Functions, APIs, workflows and what watches them take effect when created and change in place."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.localcloud.deployed_stack import DeployedStack
from tests.localcloud.running_cloud import RunningCloud, zipped
from tests.localcloud.template_parts import FUNCTION, ROLE, entry, service_role

pytestmark = pytest.mark.localcloud

NUMBERS = itertools.count(1)


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
        "Sender": service_role("logs", "firehose:PutRecord"),
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
            RoleArn={"Fn::GetAtt": ["Sender", "Arn"]},
        ),
        "Lines": entry("Logs::LogStream", LogGroupName=group, LogStreamName="lines"),
    }
    assert stack.create(resources) == "CREATE_COMPLETE"
    logs, name = stack.running.client("logs"), stack.physical_id("Group")
    assert logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]["retentionInDays"] == 30
    [found] = logs.describe_metric_filters(logGroupName=name)["metricFilters"]
    assert found["metricTransformations"][0]["dimensions"] == {"Model": "$.model"}
    [subscription] = logs.describe_subscription_filters(logGroupName=name)["subscriptionFilters"]
    assert subscription["destinationArn"].endswith(stack.physical_id("Stream"))
    assert [one["logStreamName"] for one in logs.describe_log_streams(logGroupName=name)["logStreams"]] == [
        "lines"
    ]

    resources["Group"] = entry("Logs::LogGroup")
    del resources["Lines"]
    resources["Stream"]["Properties"]["ExtendedS3DestinationConfiguration"] = {
        **destination,
        "Prefix": "capture/",
    }
    assert stack.update(resources) == "UPDATE_COMPLETE"
    assert logs.describe_log_streams(logGroupName=name)["logStreams"] == []
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
