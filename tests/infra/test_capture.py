"""The road from the inference log to the capture bucket: what travels it, how it arrives, and who may do what on it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.capture import capture_line, label_line
from lambdaloop.domain.capture_layout import raw_prefix
from lambdaloop.domain.documents import Document
from lambdaloop.domain.feedback import ReceivedLabel
from lambdaloop.domain.prediction import Output, Prediction
from lambdaloop.domain.release import ReleasePin
from scripts.localcloud.cloudwatch.log_patterns import compile_pattern
from tests.infra.synthesis import Resource, Template

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def _only(found: dict[str, Any]) -> Any:
    [value] = found.values()
    return value


@pytest.fixture
def destination(churn: Template) -> Any:
    return _only(churn.of_type("AWS::KinesisFirehose::DeliveryStream"))["ExtendedS3DestinationConfiguration"]


def _role(template: Template, arn: Resource) -> Resource:
    return dict(template.resources[arn["Fn::GetAtt"][0]]["Properties"])


def _statements(role: Resource) -> list[Any]:
    return list(role["Policies"][0]["PolicyDocument"]["Statement"])


def test_lines_are_unpacked_separated_and_delivered_compressed(destination: Any) -> None:
    assert destination["CompressionFormat"] == "GZIP"
    assert destination["ProcessingConfiguration"] == {
        "Enabled": True,
        "Processors": [
            {
                "Type": "Decompression",
                "Parameters": [{"ParameterName": "CompressionFormat", "ParameterValue": "GZIP"}],
            },
            {
                "Type": "CloudWatchLogProcessing",
                "Parameters": [{"ParameterName": "DataMessageExtraction", "ParameterValue": "true"}],
            },
            {"Type": "AppendDelimiterToRecord"},
        ],
    }
    hints = destination["BufferingHints"]
    assert 60 <= hints["IntervalInSeconds"] <= 300
    assert 1 <= hints["SizeInMBs"] <= 128


def test_objects_lie_where_the_watch_looks_for_them(destination: Any) -> None:
    prefix = destination["Prefix"]
    for letters, form in (("yyyy-MM-dd", "%Y-%m-%d"), ("HH", "%H")):
        prefix = prefix.replace(f"!{{timestamp:{letters}}}", AT.strftime(form))
    assert prefix == raw_prefix("churn", AT)
    assert "CustomTimeZone" not in destination, "the default is UTC"


def test_what_cannot_be_delivered_lies_apart_and_is_told(churn: Template, destination: Any) -> None:
    assert destination["ErrorOutputPrefix"].startswith("failed/model=churn/!{firehose:error-output-type}/")
    options = destination["CloudWatchLoggingOptions"]
    assert options["Enabled"] is True
    stream = churn.resources[options["LogStreamName"]["Ref"]]
    assert stream["Type"] == "AWS::Logs::LogStream"
    assert stream["Properties"]["LogGroupName"] == options["LogGroupName"]


def test_lines_are_encrypted_while_they_wait(templates: dict[str, Template]) -> None:
    for name, template in templates.items():
        streams = template.of_type("AWS::KinesisFirehose::DeliveryStream")
        assert len(streams) == name.startswith("Lambdaloop-"), "each model has its own"
        for stream in streams.values():
            assert stream["DeliveryStreamType"] == "DirectPut"
            assert stream["DeliveryStreamEncryptionConfigurationInput"] == {"KeyType": "AWS_OWNED_CMK"}


def _prediction() -> Document:
    artifact = Artifact(key="k", version_id="v", sha256="s", size=1)
    return capture_line(
        Prediction(
            prediction_id="p", output=Output(value="yes"), variant="champion", model_version=1
        ),
        release=ReleasePin(model="churn", release=1, version=1, bundle=artifact),
        entity=None,
        event_time=AT,
        features={"kind": "label"},
        latency_ms=1,
    )  # fmt: skip


def test_predictions_and_labels_leave_the_log_and_nothing_else(churn: Template) -> None:
    subscription = _only(churn.of_type("AWS::Logs::SubscriptionFilter"))
    inference = churn.functions()["inference"]
    assert subscription["LogGroupName"] == inference["LoggingConfig"]["LogGroup"]
    passes = compile_pattern(subscription["FilterPattern"])
    label = ReceivedLabel(prediction_id="p", actual="yes", observed_at=AT)
    assert passes(json.dumps(_prediction()))
    assert passes(json.dumps(label_line(label, model="churn", received_at=AT)))
    for other in (
        json.dumps({"_aws": {"CloudWatchMetrics": []}, "Model": "churn", "model_predictions_total": 1}),
        json.dumps({"kind": "report"}),
        json.dumps({"message": '"kind": "prediction"'}),
        '[ERROR] unexpected error {"kind": "prediction"}',
        "REPORT RequestId: 1 Duration: 2 ms",
        '{"kind": "prediction", "featu',
    ):
        assert not passes(other), other


def test_the_log_may_put_records_into_that_stream_and_nothing_else(churn: Template) -> None:
    [stream] = churn.of_type("AWS::KinesisFirehose::DeliveryStream")
    subscription = _only(churn.of_type("AWS::Logs::SubscriptionFilter"))
    role = _role(churn, subscription["RoleArn"])
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "logs.amazonaws.com"}
    assert _statements(role) == [
        {
            "Action": ["firehose:PutRecord", "firehose:PutRecordBatch"],
            "Effect": "Allow",
            "Resource": {"Fn::GetAtt": [stream, "Arn"]},
        }
    ]


def test_the_stream_may_write_this_models_objects_and_its_own_errors(
    churn: Template, destination: Any
) -> None:
    role = _role(churn, destination["RoleARN"])
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "firehose.amazonaws.com"}
    objects, bucket, log = _statements(role)
    assert objects["Action"] == ["s3:PutObject", "s3:AbortMultipartUpload", "s3:GetObject"]
    below = [
        "".join(str(part) for part in each["Fn::Join"][1] if isinstance(part, str))
        for each in objects["Resource"]
    ]
    assert below == ["/raw/model=churn/*", "/failed/model=churn/*"]
    assert bucket["Action"] == ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
    assert bucket["Resource"] == destination["BucketARN"]
    assert log["Action"] == "logs:PutLogEvents"
    assert log["Resource"]["Fn::GetAtt"][0] == destination["CloudWatchLoggingOptions"]["LogGroupName"]["Ref"]


def test_single_predictions_are_forgotten_and_sums_are_not(platform: Template) -> None:
    [bucket] = [
        each for id_, each in platform.of_type("AWS::S3::Bucket").items() if id_.startswith("StorageCapture")
    ]
    rules = bucket["LifecycleConfiguration"]["Rules"]
    expiring = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule}
    assert expiring == dict.fromkeys(
        ("raw/", "hours/", "experiments/", "quarantine/", "failed/", "pages/"), 400
    )
    [old] = [rule for rule in rules if "NoncurrentVersionExpiration" in rule]
    assert (old["NoncurrentVersionExpiration"], old["ExpiredObjectDeleteMarker"]) == (
        {"NoncurrentDays": 30},
        True,
    )
