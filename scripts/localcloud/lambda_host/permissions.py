"""Who else may invoke a function: its resource policy, by function, version and alias."""

from collections.abc import Mapping
from typing import Any

from scripts.localcloud.cloud import ACCOUNT_ID
from scripts.localcloud.iam.conditions import Context, holds, matches
from scripts.localcloud.lambda_host.function import HostedFunction
from scripts.localcloud.lambda_host.names import FunctionName


def statement(request: Mapping[str, Any], name: FunctionName) -> dict[str, Any]:
    """The policy statement of an AddPermission request."""
    principal = str(request["Principal"])
    kind = "Service" if principal.endswith(".amazonaws.com") else "AWS"
    condition: dict[str, dict[str, str]] = {}
    if request.get("SourceArn"):
        condition["ArnLike"] = {"AWS:SourceArn": request["SourceArn"]}
    if request.get("SourceAccount"):
        condition["StringEquals"] = {"AWS:SourceAccount": request["SourceAccount"]}
    return {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": "*" if principal == "*" else {kind: principal},
        "Action": request["Action"],
        "Resource": name.arn,
        **({"Condition": condition} if condition else {}),
    }


def may_invoke(function: HostedFunction, name: FunctionName, *, service: str, source_arn: str) -> bool:
    """Whether a service (e.g. apigateway.amazonaws.com) may invoke `name` on behalf of `source_arn`."""
    context: Context = {"aws:sourcearn": (source_arn,), "aws:sourceaccount": (ACCOUNT_ID,)}
    return any(
        one["Effect"] == "Allow"
        and one["Resource"] == name.arn
        and matches(one["Action"], "lambda:InvokeFunction", ignore_case=True)
        and one["Principal"] in ("*", {"Service": service})
        and all(
            holds(operator, key, (wanted,), context)
            for operator, keys in one.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
        for one in list(function.policy.statements)
    )
