"""Acknowledged findings of cdk-nag and of CDK itself: never one without its reason beside the resource."""

from typing import Any

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, reasons: dict[str, str]) -> None:
    """Accept findings below a construct, such as {"AwsSolutions-L1": "the layers are built for …"}."""
    rules = [Acknowledgment(id=rule, reason=reason) for rule, reason in reasons.items()]
    if rules:
        Validations.of(construct).acknowledge(*rules)


def wildcard_finding(scope: IConstruct, resource: str) -> str:
    """What cdk-nag calls an IAM statement's resource with a `*` in it."""
    return f"AwsSolutions-IAM5[Resource::{_flat(Stack.of(scope).resolve(resource))}]"


def _flat(value: Any) -> str:
    if isinstance(value, str):
        return value
    [(function, argument)] = value.items()
    match function:
        case "Fn::Join":
            return str(argument[0]).join(map(_flat, argument[1]))
        case "Fn::GetAtt":
            return f"<{argument[0]}.{argument[1]}>"
        case "Ref":
            return f"<{argument}>"
        case _:  # Fn::ImportValue of an export's name
            return str(argument)
