"""Stored features cost something only where a definition asks for them, and nobody reads or writes more than that."""

from typing import Any

from infra.app import FEATURE_STACK
from tests.infra.synthesis import Resource, Template

GROUP = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["measured#*"]}}


def _only(found: dict[str, Any]) -> Any:
    [value] = found.values()
    return value


def _statements(template: Template, verb: str, action: str) -> list[Resource]:
    return [each for each in template.grants(verb) if action in str(each["Action"])]


def _folders(statement: Resource) -> list[str]:
    resources = statement["Resource"]
    listed = resources if isinstance(resources, list) else [resources]
    return [each["Fn::Join"][1][-1] for each in listed]


def test_a_model_that_stores_no_features_knows_nothing_of_them(templates: dict[str, Template]) -> None:
    for name in ("Lambdaloop", "Lambdaloop-churn", "Lambdaloop-price"):
        for trace in (FEATURE_STACK, "LAMBDALOOP_FEATURE", "BatchGetItem", "features/"):
            assert trace not in templates[name].text, (name, trace)


def test_the_table_is_protected_restorable_and_forgets_what_expired(templates: dict[str, Template]) -> None:
    template = templates[FEATURE_STACK]
    [resource] = [each for each in template.resources.values() if each["Type"] == "AWS::DynamoDB::Table"]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")
    table = resource["Properties"]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["DeletionProtectionEnabled"] is True
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
    assert table["KeySchema"] == [{"AttributeName": "pk", "KeyType": "HASH"}]


def test_serving_reads_the_items_of_its_own_groups_and_writes_none(templates: dict[str, Template]) -> None:
    [statement] = _statements(templates["Lambdaloop-species"], "inference", "dynamodb:")
    assert statement["Action"] == "dynamodb:BatchGetItem"
    assert statement["Condition"] == GROUP
    function = templates["Lambdaloop-species"].functions()["inference"]
    assert "LAMBDALOOP_FEATURE_TABLE" in function["Environment"]["Variables"]


def test_training_reads_the_history_of_its_own_groups(templates: dict[str, Template]) -> None:
    template = templates["Lambdaloop-species"]
    for verb in (
        "resolve_dataset",
        "validate_dataset",
        "train_candidate",
        "evaluate_candidates",
        "package_model",
    ):
        folders = [
            folder for each in _statements(template, verb, "s3:GetObjectVersion") for folder in _folders(each)
        ]
        assert "/features/measured/history/*" in folders, verb
    listed = [
        each["Condition"]["StringEquals"]["s3:prefix"]
        for each in _statements(template, "resolve_dataset", "s3:ListBucketVersions")
    ]
    assert listed == [["species/"], ["features/measured/history/"]]


def test_files_are_read_where_they_arrive_and_only_the_history_and_the_quarantine_are_written(
    templates: dict[str, Template],
) -> None:
    template = templates[FEATURE_STACK]
    [items] = _statements(template, "put_features", "dynamodb:")
    assert items["Action"] == ["dynamodb:BatchGetItem", "dynamodb:PutItem"]
    assert items["Condition"] == GROUP
    [read] = _statements(template, "put_features", "s3:GetObjectVersion")
    assert _folders(read) == ["/features/measured/incoming/*"]
    [write] = _statements(template, "put_features", "s3:PutObject")
    assert _folders(write) == ["/features/measured/history/*", "/features/measured/quarantine/*"]


def test_only_files_that_arrive_are_put_so_that_what_is_written_asks_for_nothing(
    templates: dict[str, Template],
) -> None:
    rule = _only(templates[FEATURE_STACK].of_type("AWS::Events::Rule"))
    assert rule["EventPattern"]["detail"] == {"object": {"key": [{"prefix": "features/measured/incoming/"}]}}
    [target] = rule["Targets"]
    assert "DeadLetterConfig" in target


def test_a_file_that_the_function_fails_on_is_not_lost_without_a_word(templates: dict[str, Template]) -> None:
    template = templates[FEATURE_STACK]
    config = _only(template.of_type("AWS::Lambda::EventInvokeConfig"))
    assert "OnFailure" in config["DestinationConfig"]
    alarm = _only(template.of_type("AWS::CloudWatch::Alarm"))
    assert alarm["AlarmName"] == "lambdaloop-features-undelivered"


def test_models_take_what_the_features_stack_exports_whoever_uses_it(templates: dict[str, Template]) -> None:
    outputs = templates[FEATURE_STACK].document["Outputs"]
    assert outputs["FeatureGroups"]["Value"] == "measured"
    exported = [name for name, each in outputs.items() if "Export" in each]
    assert len(exported) == 2
