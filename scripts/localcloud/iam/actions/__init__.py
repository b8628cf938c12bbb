"""The table of rights: which IAM actions on which resources each API operation needs.

An operation that is not in the table is refused, so that a missing line shows at once instead of passing.
"""

from collections.abc import Mapping

from scripts.localcloud.iam.actions import compute, dynamodb, messaging, observing, s3
from scripts.localcloud.iam.actions.rule import Rules
from scripts.localcloud.iam.policy import Access
from scripts.localcloud.iam.requests import ApiRequest

SERVICES: Mapping[str, Rules] = {
    "s3": s3.RULES,
    "dynamodb": dynamodb.RULES,
    "lambda": compute.LAMBDA,
    "stepfunctions": compute.STEP_FUNCTIONS,
    "sns": messaging.SNS,
    "sqs": messaging.SQS,
    "events": messaging.EVENTS,
    "firehose": messaging.FIREHOSE,
    "cloudwatch": observing.CLOUDWATCH,
    "logs": observing.LOGS,
    "ssm": observing.SSM,
    "sts": observing.STS,
    "cloudformation": observing.CLOUDFORMATION,
}


def accesses(request: ApiRequest) -> list[Access] | None:
    """What a request wants to do; None when the table has no line for its operation."""
    rule = SERVICES[request.service].get(request.operation)
    return None if rule is None else rule(request.parameters)


def missing(service: str, operation: str | None) -> str:
    """The message for something the table does not know."""
    what = service if operation is None else f"{service} {operation}"
    return f"the local IAM has no rule for {what}: add it to scripts/localcloud/iam/actions"
