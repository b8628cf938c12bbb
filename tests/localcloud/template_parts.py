"""Pieces of templates that several tests deploy."""

from typing import Any

TRUST = {"Version": "2012-10-17", "Statement": []}


def entry(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def policy(action: str) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}


def service_role(service: str, *actions: str) -> dict[str, Any]:
    """A role that a service may assume for these actions."""
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    grants = [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]
    return entry(
        "IAM::Role",
        AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": [trust]},
        Policies=[{"PolicyName": "may", "PolicyDocument": {"Version": "2012-10-17", "Statement": grants}}],
    )


ROLE = entry("IAM::Role", AssumeRolePolicyDocument=TRUST)
FUNCTION = entry(
    "Lambda::Function",
    Code={"S3Bucket": "code", "S3Key": "1.zip"},
    Handler="index.handler",
    Runtime="python3.13",
    Role={"Fn::GetAtt": ["Role", "Arn"]},
)
