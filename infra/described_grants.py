"""What each role of a template may do, in words: actions, and resources by the names that the constructs gave them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_EXPORT = re.compile(r".*:ExportsOutput(?:Ref|FnGetAtt)(.+?)[0-9A-F]{8}(Arn|Endpoint)?[0-9A-F]*")
_LOGICAL = re.compile(r"(.+?)[0-9A-F]{8}(?:[0-9A-F]{24})?")
_WORDS = {
    "AWS::Region": "REGION",
    "AWS::AccountId": "ACCOUNT",
    "AWS::Partition": "aws",
    "AWS::StackName": "STACK",
}


@dataclass(frozen=True, kw_only=True)
class DescribedGrant:
    """One statement of a policy."""

    actions: Sequence[str]
    resources: Sequence[str]
    keys: Sequence[str]
    """Partitions of a table that it is limited to; none where the whole resource is meant."""


@dataclass(frozen=True, kw_only=True)
class DescribedRole:
    """A role: who assumes it, and what it may do."""

    id: str
    service: str
    verb: str | None
    """Of the function that has it; None for other services."""
    grants: Sequence[DescribedGrant]


def described_roles(template: Mapping[str, Any]) -> Iterator[DescribedRole]:
    """Every role of a template, in its order."""
    resources: Mapping[str, Any] = template["Resources"]
    verbs = {
        each["Properties"]["Role"]["Fn::GetAtt"][0]: each["Properties"]["Handler"].split(".")[1]
        for each in resources.values()
        if each["Type"] == "AWS::Lambda::Function"
    }
    for logical_id, resource in resources.items():
        if resource["Type"] != "AWS::IAM::Role":
            continue
        properties = resource["Properties"]
        principal = properties["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]
        yield DescribedRole(
            id=logical_id[:-8],
            service=str(principal.get("Service", principal)).removesuffix(".amazonaws.com"),
            verb=verbs.get(logical_id),
            grants=[
                DescribedGrant(
                    actions=_listed(statement["Action"]),
                    resources=[readable(each) for each in _listed(statement["Resource"])],
                    keys=_leading_keys(statement),
                )
                for policy in properties.get("Policies", [])
                for statement in policy["PolicyDocument"]["Statement"]
            ],
        )


def _leading_keys(statement: Mapping[str, Any]) -> list[str]:
    conditions = statement.get("Condition", {}).values()
    found = (each["dynamodb:LeadingKeys"] for each in conditions if "dynamodb:LeadingKeys" in each)
    return [key for value in found for key in _listed(value)]


def readable(value: Any) -> str:
    """An ARN of a template with construct names for what CloudFormation fills in.

    >>> readable({"Fn::Join": ["", [{"Fn::GetAtt": ["ServingInferenceLogBD946CB4", "Arn"]}, ":*"]]})
    'ServingInferenceLog:*'
    >>> readable({"Fn::ImportValue": "Lambdaloop:ExportsOutputRefStorageData0A9B8C7D6E5F4A3B"})
    'StorageData'
    """
    if isinstance(value, str):
        return value
    [(function, argument)] = value.items()
    match function:
        case "Fn::Join":
            return str(argument[0]).join(readable(each) for each in argument[1])
        case "Fn::GetAtt":
            return _named(argument[0])
        case "Ref":
            return _WORDS.get(argument) or _named(argument)
        case "Fn::ImportValue":
            found = _EXPORT.fullmatch(argument)
            return found.group(1) if found else str(argument)
        case _:
            return str(argument)


def _named(logical_id: str) -> str:
    found = _LOGICAL.fullmatch(logical_id)
    return found.group(1) if found else logical_id


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
