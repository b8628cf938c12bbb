"""Pieces of templates that several tests deploy."""

from typing import Any

TRUST = {"Version": "2012-10-17", "Statement": []}


def entry(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def policy(action: str) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}


ROLE = entry("IAM::Role", AssumeRolePolicyDocument=TRUST)
FUNCTION = entry(
    "Lambda::Function",
    Code={"S3Bucket": "code", "S3Key": "1.zip"},
    Handler="index.handler",
    Runtime="python3.13",
    Role={"Fn::GetAtt": ["Role", "Arn"]},
)
