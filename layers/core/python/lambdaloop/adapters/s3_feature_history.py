"""The history of stored features in the data bucket: objects that are written once."""

from typing import TYPE_CHECKING

from lambdaloop.adapters.aws_client import aws_client
from lambdaloop.adapters.aws_errors import aws_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class _AlreadyThereError(Exception):
    """S3 holds an object under this key."""


class S3FeatureHistory:
    """The port FeatureHistory. IAM: s3:PutObject, s3:GetObject."""

    def __init__(self, *, bucket: str, client: "S3Client | None" = None) -> None:
        self._bucket = bucket
        self._client: S3Client = client or aws_client("s3", read_seconds=60)

    def keep(self, key: str, content: bytes) -> bytes:
        """Write the object unless there is one of that name; returns the content that is there now."""
        try:
            with aws_errors({"PreconditionFailed": _AlreadyThereError()}):
                self._client.put_object(
                    Bucket=self._bucket, Key=key, Body=content, ContentType="text/csv", IfNoneMatch="*"
                )
        except _AlreadyThereError:
            with aws_errors():
                return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return content
