"""What training may read outside of our own buckets: what the definition names, and nothing beside it."""

from aws_cdk import Aws, Stack
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.grants import Grant, below
from lambdaloop.domain.dvc import DvcRemote


def find_in_dvc_remote(bucket: s3.IBucket, remote: DvcRemote) -> Grant:
    """The objects that pointer files name, as they are now."""
    return _objects(bucket, remote, "s3:GetObject")


def read_dvc_remote(bucket: s3.IBucket, remote: DvcRemote) -> Grant:
    """The exact object versions that a dataset names."""
    return _objects(bucket, remote, "s3:GetObjectVersion")


def _objects(bucket: s3.IBucket, remote: DvcRemote, action: str) -> Grant:
    inside = below(bucket, remote.prefix)
    outside = f"arn:{Aws.PARTITION}:s3:::{remote.bucket}/{remote.prefix}*"
    return Grant(
        actions=(action,),
        resources=(outside if remote.bucket else inside,),
        wildcard="a DVC remote names its objects by their md5, below one folder",
    )


def read_secret(scope: Construct, parameter: str | None) -> list[Grant]:
    """One SSM parameter; the account's own key for SecureStrings lets whoever may read the parameter decrypt it."""
    if parameter is None:
        return []
    name = parameter.lstrip("/")
    arn = Stack.of(scope).format_arn(service="ssm", resource="parameter", resource_name=name)
    return [Grant(actions=("ssm:GetParameter",), resources=(arn,))]
