"""What functions may do with stored features: each right ends at the groups that a definition names."""

from collections.abc import Iterable

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_s3 as s3

from infra.grants import Grant, below
from lambdaloop.domain.stored_features import history_prefix, incoming_prefix, item_key, quarantine_prefix


def look_up_features(table: dynamodb.ITable, groups: Iterable[str]) -> Grant:
    """The stored features of some groups, whomever they are about; keys begin with the group."""
    return _features(table, groups, "BatchGetItem")


def put_features(table: dynamodb.ITable, groups: Iterable[str]) -> Grant:
    """The same, to be written where a row is newer."""
    return _features(table, groups, "BatchGetItem", "PutItem")


def _features(table: dynamodb.ITable, groups: Iterable[str], *actions: str) -> Grant:
    keys = [item_key(group, "*") for group in sorted(groups)]
    return Grant(
        actions=tuple(f"dynamodb:{action}" for action in actions),
        resources=(table.table_arn,),
        conditions={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": keys}},
    )


def list_feature_history(bucket: s3.IBucket, groups: Iterable[str]) -> Grant:
    """The names and versions of what was ever put into some groups."""
    return Grant(
        actions=("s3:ListBucketVersions",),
        resources=(bucket.bucket_arn,),
        conditions={"StringEquals": {"s3:prefix": [history_prefix(group) for group in sorted(groups)]}},
    )


def read_feature_history(bucket: s3.IBucket, groups: Iterable[str]) -> Grant:
    """The exact object versions that a dataset names."""
    return Grant(
        actions=("s3:GetObjectVersion",),
        resources=tuple(below(bucket, history_prefix(group)) for group in sorted(groups)),
        wildcard="the history of features is named by its content, below one folder for each group",
    )


def put_feature_files(bucket: s3.IBucket, groups: Iterable[str]) -> list[Grant]:
    """Files as they arrive, what was put of them, and why others were not."""
    names = sorted(groups)
    return [
        Grant(
            actions=("s3:GetObjectVersion",),
            resources=tuple(below(bucket, incoming_prefix(group)) for group in names),
            wildcard="files of features have names that users choose, below one folder for each group",
        ),
        Grant(
            actions=("s3:PutObject", "s3:GetObject"),
            resources=tuple(
                below(bucket, prefix(group))
                for group in names
                for prefix in (history_prefix, quarantine_prefix)
            ),
            wildcard="the history of features is named by its content, below one folder for each group",
        ),
    ]
