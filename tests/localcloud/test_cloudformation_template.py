"""Reading templates: intrinsic functions, conditions, parameters, order."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from scripts.localcloud.cloudformation.errors import UnsupportedResourceError, ValidationError
from scripts.localcloud.cloudformation.intrinsics import Intrinsics
from scripts.localcloud.cloudformation.ordering import in_dependency_order
from scripts.localcloud.cloudformation.parameters import parameter_values
from scripts.localcloud.cloudformation.template import Template

TOPIC = {"Type": "AWS::SNS::Topic"}


class Known:
    """A stack with one bucket named `data`."""

    def ref(self, logical_id: str) -> Any:
        return {"Bucket": "data"}[logical_id]

    def attribute(self, logical_id: str, name: str) -> Any:
        return {("Bucket", "Arn"): "arn:aws:s3:::data"}[logical_id, name]

    def imported(self, export: str) -> Any:
        return f"imported {export}"


def template(**sections: Any) -> Template:
    return Template.parse(json.dumps({"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}}, **sections}))


def resolve(value: Any, parameters: Mapping[str, Any] | None = None, **sections: Any) -> Any:
    intrinsics = Intrinsics(
        template(**sections),
        parameters=parameters or {},
        pseudo={"AWS::Region": "us-east-1"},
        references=Known(),
    )
    return intrinsics.resolve(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Bucket"}, "data"),
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Fn::GetAtt": ["Bucket", "Arn"]}, "arn:aws:s3:::data"),
        ({"Fn::GetAtt": "Bucket.Arn"}, "arn:aws:s3:::data"),
        ({"Fn::Join": ["/", ["a", {"Ref": "Bucket"}, 1]]}, "a/data/1"),
        ({"Fn::Split": [":", "a:b"]}, ["a", "b"]),
        ({"Fn::Select": [1, {"Fn::Split": [":", "a:b"]}]}, "b"),
        ({"Fn::Sub": "${Bucket}-${Bucket.Arn}-${!Kept}"}, "data-arn:aws:s3:::data-${Kept}"),
        ({"Fn::Sub": ["${x}-${AWS::Region}", {"x": {"Ref": "Bucket"}}]}, "data-us-east-1"),
        ({"Fn::ImportValue": {"Fn::Sub": "${Bucket}-arn"}}, "imported data-arn"),
        ({"Fn::Base64": "hi"}, "aGk="),
        ({"Fn::ToJsonString": {"a": {"Ref": "Bucket"}}}, '{"a":"data"}'),
        ({"A": {"Ref": "AWS::NoValue"}, "B": [{"Ref": "AWS::NoValue"}, 1]}, {"B": [1]}),
        ({"Ref": "Bucket", "Other": 1}, {"Ref": "Bucket", "Other": 1}),
    ],
)
def test_a_function_becomes_its_value(value: Any, expected: Any) -> None:
    assert resolve(value) == expected


def test_conditions_choose() -> None:
    conditions = {
        "Prod": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
        "Test": {"Fn::Not": [{"Condition": "Prod"}]},
        "Both": {"Fn::And": [{"Condition": "Prod"}, {"Condition": "Test"}]},
        "Any": {"Fn::Or": [{"Condition": "Prod"}, {"Condition": "Test"}]},
    }

    def chosen(name: str) -> Any:
        return resolve({"Fn::If": [name, "yes", "no"]}, {"Stage": "prod"}, Conditions=conditions)

    assert [chosen(name) for name in conditions] == ["yes", "no", "no", "yes"]


def test_a_mapping_is_looked_up() -> None:
    mappings = {"Sizes": {"us-east-1": {"memory": 512}}}
    value = {"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, "memory"]}
    assert resolve(value, Mappings=mappings) == 512
    with pytest.raises(ValidationError, match="Sizes::us-east-1::disk"):
        resolve({"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, "disk"]}, Mappings=mappings)


@pytest.mark.parametrize("value", [{"Fn::Cidr": ["10.0.0.0/16", 1]}, "{{resolve:secretsmanager:x}}"])
def test_what_is_not_known_is_an_error_and_not_left_as_it_is(value: Any) -> None:
    with pytest.raises(UnsupportedResourceError):
        resolve(value)


def test_resources_come_after_what_they_refer_to() -> None:
    resources = {
        "Last": {"Type": "T", "Properties": {"A": {"Fn::Sub": "${Middle}!"}}},
        "Middle": {"Type": "T", "Properties": {"A": [{"Fn::GetAtt": ["First", "Arn"]}]}},
        "First": {"Type": "T"},
        "Early": {"Type": "T", "DependsOn": "Last"},
    }
    assert template(Resources=resources).creation_order() == ["First", "Middle", "Last", "Early"]


def test_a_circle_of_references_is_refused() -> None:
    resources = {
        "A": {"Type": "T", "Properties": {"X": {"Ref": "B"}}},
        "B": {"Type": "T", "DependsOn": ["A"]},
    }
    with pytest.raises(ValidationError, match="Circular dependency"):
        template(Resources=resources)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("[1", "neither JSON nor YAML"),
        ("just words", "unsupported structure"),
        ("{}", "At least one Resources member"),
        ('{"Resources": {"A": {}}}', "/Resources/A"),
        ('{"Resources": {"A": {"Type": "T"}}, "Transform": "X"}', "Transform"),
        ('{"Resources": {"A": {"Type": "T", "DependsOn": "B"}}}', "depends on"),
    ],
)
def test_a_broken_template_says_what_is_wrong(body: str, complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        Template.parse(body)


def test_yaml_is_read_with_short_tags_and_without_dates() -> None:
    parsed = Template.parse(
        """
        Resources:
          Policy:
            Type: AWS::SNS::TopicPolicy
            Properties:
              Topics: [!Ref Topic, !GetAtt Topic.TopicName, !Sub "${Topic}"]
              PolicyDocument: {Version: 2012-10-17}
          Topic: {Type: AWS::SNS::Topic}
        """
    )
    properties = parsed.resources["Policy"].properties
    assert properties["Topics"] == [
        {"Ref": "Topic"},
        {"Fn::GetAtt": ["Topic", "TopicName"]},
        {"Fn::Sub": "${Topic}"},
    ]
    assert properties["PolicyDocument"] == {"Version": "2012-10-17"}
    assert parsed.creation_order() == ["Topic", "Policy"]


PARAMETERS = {
    "Stage": {"Type": "String", "AllowedValues": ["prod", "test"], "Default": "test"},
    "Zones": {"Type": "CommaDelimitedList", "Default": "a, b"},
    "Version": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/version"},
    "Size": {"Type": "Number"},
}


def values(**given: str) -> dict[str, Any]:
    ssm = {"/version": "31"}
    return parameter_values(template(Parameters=PARAMETERS), given, read_ssm=ssm.__getitem__)


def test_parameters_are_given_or_default_or_read_from_ssm() -> None:
    expected = {"Stage": "prod", "Zones": ["a", "b"], "Version": "31", "Size": "3"}
    assert values(Stage="prod", Size="3") == expected


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({}, "Size"),
        ({"Size": "1", "Colour": "red"}, "Colour"),
        ({"Size": "1", "Stage": "dev"}, "must be one of"),
    ],
)
def test_wrong_parameters_are_refused(given: dict[str, str], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        values(**given)


def test_a_failure_starts_nothing_new() -> None:
    done: list[str] = []

    def act(name: str) -> None:
        if name == "broken":
            raise RuntimeError(name)
        done.append(name)

    needs = {"first": set[str](), "broken": {"first"}, "never": {"broken"}}
    with pytest.raises(RuntimeError, match="broken"):
        in_dependency_order(needs, act)
    assert done == ["first"]
