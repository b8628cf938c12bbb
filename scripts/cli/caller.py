"""Who runs a command, in the words of AWS: whoever approves a release must be somebody else than who asked for it."""

from typing import Any

import boto3


def caller_name(client: Any = None) -> str:
    """The ARN of the caller's credentials; asking for it needs no right. `client`: of STS, if there is one."""
    sts: Any = client or boto3.client("sts")
    arn: str = sts.get_caller_identity()["Arn"]
    return arn
