"""How one operation of an AWS API becomes the accesses that IAM decides about."""

from collections.abc import Callable, Mapping
from typing import Any

from scripts.localcloud.cloud import ACCOUNT_ID, REGION
from scripts.localcloud.iam.policy import Access

Parameters = Mapping[str, Any]
Resource = Callable[[Parameters], str]
Rule = Callable[[Parameters], list[Access]]
Rules = Mapping[str, Rule]


def arn(service: str, resource: str, *, region: str = REGION, account: str = ACCOUNT_ID) -> str:
    """The ARN of something in the local cloud."""
    return f"arn:aws:{service}:{region}:{account}:{resource}"


def anything(_: Parameters) -> str:
    """For actions that AWS lets nobody restrict to a resource."""
    return "*"


def allow(action: str, resource: Resource = anything) -> Rule:
    """The usual rule: one action on one resource."""

    def rule(parameters: Parameters) -> list[Access]:
        return [Access(action=action, resource=resource(parameters))]

    return rule


def same_name(prefix: str, operations: str, resource: Resource = anything) -> dict[str, Rule]:
    """Rules for operations (separated by blanks) whose action has the operation's name."""
    return {operation: allow(f"{prefix}:{operation}", resource) for operation in operations.split()}


def named(service: str, kind: str, parameter: str, separator: str = "/") -> Resource:
    """The resource whose name, or whole ARN, is in `parameter`."""

    def resource(parameters: Parameters) -> str:
        name = str(parameters.get(parameter, "*"))
        return name if name.startswith("arn:") else arn(service, f"{kind}{separator}{name}")

    return resource
