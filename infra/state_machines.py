"""Reads the definitions of state machines out of a template, in which CloudFormation has yet to fill in the functions."""

import json
from collections.abc import Iterator
from typing import Any


def state_machines(template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Logical id and definition of each state machine; `${Function.Arn}` stands for what CloudFormation fills in."""
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == "AWS::StepFunctions::StateMachine":
            _, parts = resource["Properties"]["DefinitionString"]["Fn::Join"]
            yield logical_id, json.loads("".join(map(_text, parts)))


def _text(part: Any) -> str:
    if isinstance(part, str):
        return part
    if part == {"Ref": "AWS::Partition"}:
        return "aws"  # the validator looks at the ARNs of service integrations
    return "${" + ".".join(part["Fn::GetAtt"]) + "}"
