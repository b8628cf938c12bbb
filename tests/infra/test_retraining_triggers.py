"""What may ask the governor, and how an event that nobody took is kept."""

import json
from typing import Any

from tests.infra.synthesis import Resource, Template

LONGEST_PATTERN = 2048
"""Characters that EventBridge takes."""


def _rules(template: Template) -> dict[str, Resource]:
    prefix = "RetrainingTriggers"
    return {
        id_.removeprefix(prefix)[:-8]: rule
        for id_, rule in template.of_type("AWS::Events::Rule").items()
        if id_.startswith(prefix)
    }


def _text(value: Any) -> str:
    """An ARN, with what CloudFormation fills in written as `*`."""
    if isinstance(value, str):
        return value
    [(function, argument)] = value.items()
    return "".join(map(_text, argument[1])) if function == "Fn::Join" else "*"


def test_the_beginning_of_a_drift_or_performance_alarm_of_this_model_asks_and_nothing_else(
    churn: Template,
) -> None:
    pattern = _rules(churn)["Alarm"]["EventPattern"]
    assert pattern["source"] == ["aws.cloudwatch"]
    assert pattern["detail-type"] == ["CloudWatch Alarm State Change"]
    assert pattern["detail"] == {"state": {"value": ["ALARM"]}}
    assert [_text(each) for each in pattern["resources"]] == [
        f"arn:*:cloudwatch:*:*:alarm:lambdaloop-churn-{name}"
        for name in (
            "drift-share",
            "prediction-drift",
            "multivariate-drift",
            "performance-drop",
            "estimated-drop",
        )
    ]


def test_every_alarm_that_a_rule_names_exists(templates: dict[str, Template]) -> None:
    for model in ("churn", "price", "species"):
        template = templates[f"Lambdaloop-{model}"]
        names = {each["AlarmName"] for each in template.of_type("AWS::CloudWatch::Alarm").values()}
        for resource in _rules(template)["Alarm"]["EventPattern"]["resources"]:
            if "prefix" in resource:
                beginning = _text(resource["prefix"]).partition(":alarm:")[2]
                assert any(name.startswith(beginning) for name in names)
            else:
                assert _text(resource).partition(":alarm:")[2] in names


def test_the_alarms_of_features_are_named_by_how_their_names_begin(templates: dict[str, Template]) -> None:
    *_, last = _rules(templates["Lambdaloop-price"])["Alarm"]["EventPattern"]["resources"]
    assert _text(last["prefix"]) == "arn:*:cloudwatch:*:*:alarm:lambdaloop-price-feature-drift."


def test_a_pattern_is_never_longer_than_eventbridge_takes(templates: dict[str, Template]) -> None:
    for template in templates.values():
        for rule in template.of_type("AWS::Events::Rule").values():
            text = json.dumps(rule["EventPattern"], default=str)
            filled = text.replace('{"Ref": "AWS::Region"}', "ap-southeast-9").replace(
                '{"Ref": "AWS::AccountId"}', "1" * 12
            )
            assert len(filled) < LONGEST_PATTERN


def test_new_data_ask_only_where_the_definition_says_so_and_below_its_location(
    templates: dict[str, Template],
) -> None:
    assert "Data" not in _rules(templates["Lambdaloop-churn"])
    pattern = _rules(templates["Lambdaloop-price"])["Data"]["EventPattern"]
    [bucket] = pattern["resources"]
    assert "StorageData" in bucket["Fn::ImportValue"]
    assert pattern == {
        "resources": [bucket],
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"object": {"key": [{"prefix": "houses/sold/"}]}},
    }


def test_the_data_bucket_alone_tells_of_its_objects_and_no_function_of_cdk_is_needed_for_it(
    platform: Template,
) -> None:
    telling = {
        id_: bucket["NotificationConfiguration"]
        for id_, bucket in platform.of_type("AWS::S3::Bucket").items()
        if "NotificationConfiguration" in bucket
    }
    [(id_, told)] = telling.items()
    assert id_.startswith("StorageData")
    assert told == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    assert not [each for each in platform.resources.values() if each["Type"].startswith("Custom::")]


def test_each_rule_may_invoke_the_governor_and_only_as_itself(templates: dict[str, Template]) -> None:
    template = templates["Lambdaloop-price"]
    [governor] = [
        id_
        for id_, each in template.of_type("AWS::Lambda::Function").items()
        if each["Handler"].startswith("functions.govern_retraining.")
    ]
    own = {"Fn::GetAtt": [governor, "Arn"]}
    allowed = [
        each
        for each in template.of_type("AWS::Lambda::Permission").values()
        if each["Principal"] == "events.amazonaws.com" and each["FunctionName"] == own
    ]
    rules = [id_ for id_ in template.of_type("AWS::Events::Rule") if id_.startswith("RetrainingTriggers")]
    assert sorted(each["SourceArn"]["Fn::GetAtt"][0] for each in allowed) == sorted(rules)


def test_an_event_that_the_governor_does_not_take_is_kept(templates: dict[str, Template]) -> None:
    for template in templates.values():
        queues = template.of_type("AWS::SQS::Queue")
        for rule in template.of_type("AWS::Events::Rule").values():
            for target in rule["Targets"]:
                assert target["RetryPolicy"] == {
                    "MaximumEventAgeInSeconds": 86_400,
                    "MaximumRetryAttempts": 185,
                }
                assert target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0] in queues


def test_an_event_that_the_governor_took_and_failed_on_is_kept(churn: Template) -> None:
    [config] = [
        each
        for id_, each in churn.of_type("AWS::Lambda::EventInvokeConfig").items()
        if id_.startswith("Governing")
    ]
    [queue] = churn.of_type("AWS::SQS::Queue")
    assert config["DestinationConfig"] == {"OnFailure": {"Destination": {"Fn::GetAtt": [queue, "Arn"]}}}
    assert (config["MaximumRetryAttempts"], config["MaximumEventAgeInSeconds"]) == (2, 21_600)


def test_what_nobody_took_is_kept_for_as_long_as_possible_and_sent_by_the_models_own_rules_only(
    templates: dict[str, Template],
) -> None:
    template = templates["Lambdaloop-price"]
    [(id_, queue)] = template.of_type("AWS::SQS::Queue").items()
    assert queue == {"MessageRetentionPeriod": 14 * 86_400, "SqsManagedSseEnabled": True}
    [policy] = template.of_type("AWS::SQS::QueuePolicy").values()
    assert policy["Queues"] == [{"Ref": id_}]
    plain, *allowed = policy["PolicyDocument"]["Statement"]
    assert (plain["Effect"], plain["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    sources = sorted(each["Condition"]["ArnEquals"]["aws:SourceArn"]["Fn::GetAtt"][0] for each in allowed)
    assert sources == sorted(template.of_type("AWS::Events::Rule"))
    assert {each["Action"] for each in allowed} == {"sqs:SendMessage"}
