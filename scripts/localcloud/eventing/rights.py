"""Whether EventBridge and its Scheduler may hand something to a target: by the role they were given, or by the target's policy.

A delivery without the right fails at once, in AWS as here: no repetition would help. Of resource policies those of
functions are asked; those of queues and topics are not.
"""

from collections.abc import Mapping
from typing import Any

from scripts.localcloud import iam
from scripts.localcloud.cloud import Cloud
from scripts.localcloud.eventing.targets import DeliveryError
from scripts.localcloud.iam import Access, service_roles
from scripts.localcloud.lambda_host import installed
from scripts.localcloud.lambda_host.errors import LambdaApiError
from scripts.localcloud.lambda_host.names import FunctionName, parse_name
from scripts.localcloud.lambda_host.permissions import may_invoke

_ACTIONS = {
    "lambda": "lambda:InvokeFunction",
    "states": "states:StartExecution",
    "sns": "sns:Publish",
    "sqs": "sqs:SendMessage",
    "firehose": "firehose:PutRecord",
}
_BY_ROLE = ("states", "firehose")
"""Targets of rules that have no policy of their own: a rule needs a role for them."""


def check(cloud: Cloud, source_arn: str, target: Mapping[str, Any]) -> None:
    """Raise DeliveryError unless the rule or schedule may use its target."""
    arn = str(target["Arn"])
    service = arn.split(":")[2]
    if ":scheduler:" in source_arn:
        _check_role(cloud, target, arn, service="scheduler")
    elif service in _BY_ROLE:
        _check_role(cloud, target, arn, service="events")
    elif service == "lambda":
        _check_policy(arn, source_arn)


def check_burial(cloud: Cloud, source_arn: str, target: Mapping[str, Any], queue_arn: str) -> None:
    """Raise DeliveryError unless a schedule's role may send to its dead-letter queue; rules need the queue's policy."""
    if ":scheduler:" in source_arn:
        _check_role(cloud, target, queue_arn, service="scheduler")


def _check_role(cloud: Cloud, target: Mapping[str, Any], arn: str, *, service: str) -> None:
    action = _ACTIONS.get(arn.split(":")[2])
    if action is None:
        return
    role = str(target.get("RoleArn"))
    with cloud.lock:
        allowed = service_roles.may(iam.of(cloud), role, Access(action=action, resource=arn), service=service)
    if not allowed:
        raise DeliveryError("AccessDeniedException", f"{role} may not {action} on {arn}", retryable=False)


def _check_policy(arn: str, rule_arn: str) -> None:
    host = installed.find_host()
    if host is None:
        return  # nobody keeps policies here: eventing on its own, in its tests
    name = parse_name(arn)
    try:
        function = host.find(FunctionName(name.name))
    except LambdaApiError:
        return  # the delivery itself finds out that there is none
    if not may_invoke(function, name, service="events.amazonaws.com", source_arn=rule_arn):
        raise DeliveryError(
            "AccessDeniedException", f"{arn} does not let {rule_arn} invoke it", retryable=False
        )
