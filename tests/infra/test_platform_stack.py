"""What all models share keeps data safe, says no to strangers and costs nothing while idle."""

from pathlib import Path
from typing import Any

import pytest

from tests.infra.synthesis import Template, synthesize

# Types that cost nothing, or only for what is stored, while nobody uses them.
FREE_WHEN_IDLE = {
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Authorizer",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::Stage",
    "AWS::CloudWatch::Alarm",  # ten are free, others cost $0.10 a month
    "AWS::DynamoDB::Table",
    "AWS::Events::Rule",
    "AWS::IAM::Role",
    "AWS::KinesisFirehose::DeliveryStream",
    "AWS::Lambda::Alias",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::Function",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Version",
    "AWS::Logs::LogGroup",
    "AWS::Logs::LogStream",
    "AWS::Logs::SubscriptionFilter",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Topic",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
    "AWS::Scheduler::Schedule",  # but it starts a watch, and docs/operations.md says what that costs
    "AWS::StepFunctions::StateMachine",
}


def _only(found: dict[str, Any]) -> Any:
    [value] = found.values()
    return value


def test_no_resource_costs_money_while_nobody_uses_it(templates: dict[str, Template]) -> None:
    types = {each["Type"] for template in templates.values() for each in template.resources.values()}
    assert types <= FREE_WHEN_IDLE
    for template in templates.values():
        for function in template.of_type("AWS::Lambda::Function").values():
            assert "ReservedConcurrentExecutions" not in function
        for alias in template.of_type("AWS::Lambda::Alias").values():
            assert "ProvisionedConcurrencyConfig" not in alias


def test_buckets_are_versioned_encrypted_and_private(platform: Template) -> None:
    buckets = platform.of_type("AWS::S3::Bucket")
    assert len(buckets) == 3
    for bucket in buckets.values():
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
        [rule] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
        assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
        assert all(bucket["PublicAccessBlockConfiguration"].values())
        assert len(bucket["PublicAccessBlockConfiguration"]) == 4
        rules = bucket["LifecycleConfiguration"]["Rules"]
        assert {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}, "Status": "Enabled"} in rules


def test_every_bucket_refuses_plain_http(platform: Template) -> None:
    policies = platform.of_type("AWS::S3::BucketPolicy").values()
    assert {each["Bucket"]["Ref"] for each in policies} == set(platform.of_type("AWS::S3::Bucket"))
    for policy in policies:
        [statement] = policy["PolicyDocument"]["Statement"]
        assert (statement["Effect"], statement["Principal"]) == ("Deny", {"AWS": "*"})
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize("bucket", ["StorageData", "StorageModel"])
def test_versions_that_runs_and_releases_name_are_kept(bucket: str, platform: Template) -> None:
    [kept] = [each for id_, each in platform.of_type("AWS::S3::Bucket").items() if id_.startswith(bucket)]
    assert not any("NoncurrentVersionExpiration" in rule for rule in kept["LifecycleConfiguration"]["Rules"])


def test_the_registry_is_protected_and_restorable(platform: Template) -> None:
    table = _only(platform.of_type("AWS::DynamoDB::Table"))
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["DeletionProtectionEnabled"] is True
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["KeySchema"] == [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]


def test_what_holds_data_outlives_the_stack(platform: Template) -> None:
    for resource in platform.resources.values():
        if resource["Type"] in {"AWS::S3::Bucket", "AWS::DynamoDB::Table"}:
            # A bucket goes with a first deployment that fails; the table's own protection would not let it.
            kept = "RetainExceptOnCreate" if resource["Type"] == "AWS::S3::Bucket" else "Retain"
            assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == (kept, "Retain")


def test_alerts_travel_over_tls_and_cloudwatch_of_this_account_may_send_them(platform: Template) -> None:
    statements = _only(platform.of_type("AWS::SNS::TopicPolicy"))["PolicyDocument"]["Statement"]
    denials = [each for each in statements if each["Effect"] == "Deny"]
    assert [each["Condition"] for each in denials] == [{"Bool": {"aws:SecureTransport": "false"}}]
    [allowed] = [each for each in statements if each["Effect"] == "Allow"]
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_the_api_logs_and_throttles_every_request(platform: Template) -> None:
    stage = _only(platform.of_type("AWS::ApiGatewayV2::Stage"))
    assert (stage["StageName"], stage["AutoDeploy"]) == ("$default", True)
    assert stage["DefaultRouteSettings"] == {"ThrottlingBurstLimit": 1000, "ThrottlingRateLimit": 500}
    [log, _] = stage["AccessLogSettings"]["DestinationArn"]["Fn::GetAtt"]
    assert platform.resources[log]["Properties"]["RetentionInDays"] == 90
    assert "$context.requestId" in stage["AccessLogSettings"]["Format"]


def test_what_no_model_takes_is_answered_to_signed_requests_only(platform: Template) -> None:
    routes = platform.of_type("AWS::ApiGatewayV2::Route").values()
    assert {each["RouteKey"]: each["AuthorizationType"] for each in routes} == {
        "$default": "AWS_IAM",
        "GET /metrics": "AWS_IAM",
    }
    environment = platform.functions()["answer_unrouted"]["Environment"]["Variables"]
    assert environment == {"LAMBDALOOP_API_MODELS": "churn,credit,price,species"}


def test_the_platform_exports_the_same_whichever_models_there_are(
    platform: Template, checkout: Path, tmp_path: Path
) -> None:
    alone = synthesize(checkout, tmp_path, definitions=[])["Lambdaloop"]
    assert _exports(alone)
    assert _exports(alone) == _exports(platform)


def _exports(template: Template) -> dict[str, Any]:
    outputs = template.document["Outputs"].values()
    return {each["Export"]["Name"]: each["Value"] for each in outputs if "Export" in each}


def test_everything_can_be_found_through_outputs(platform: Template, churn: Template) -> None:
    assert {
        "DataBucket",
        "ModelBucket",
        "CaptureBucket",
        "RegistryTable",
        "ApiEndpoint",
        "ApiId",
        "AlertTopic",
    } <= set(platform.document["Outputs"])
    assert set(churn.document["Outputs"]) == {
        "InferenceFunction",
        "TrainingWorkflow",
        "ReleaseWorkflow",
        "WatchWorkflow",
        "RetrainingGovernor",
        "ExperimentStarter",
        "ExperimentAdvancer",
        "ExperimentWorkflow",
        "ReportWriter",
        "Endpoint",
    }


def test_who_tells_about_all_models_reads_their_records_and_figures_and_writes_nothing(
    platform: Template,
) -> None:
    environment = platform.functions()["expose_metrics"]["Environment"]["Variables"]
    assert environment["LAMBDALOOP_API_MODELS"] == "churn,credit,price,species"
    records, figures, alarms = list(platform.grants("expose_metrics"))[1:]
    assert records["Action"] == ["dynamodb:GetItem", "dynamodb:Query"]
    assert records["Condition"] == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["MODEL#*"]}}
    assert (figures["Action"], alarms["Action"]) == ("cloudwatch:GetMetricData", "cloudwatch:DescribeAlarms")
