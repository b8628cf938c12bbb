"""Pages for people in the capture bucket."""

from typing import TYPE_CHECKING

from lambdaloop.adapters.aws_client import aws_client
from lambdaloop.adapters.aws_errors import aws_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3PageShelf:
    """The port PageShelf. IAM: s3:PutObject."""

    def __init__(self, *, bucket: str, client: "S3Client | None" = None) -> None:
        self._bucket = bucket
        self._client: S3Client = client or aws_client("s3", read_seconds=60)

    def put_page(self, key: str, html: str) -> None:
        """Write it, over what was there; a browser shows it, and asks again for it the next time."""
        with aws_errors():
            self._client.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=html.encode(),
                ContentType="text/html; charset=utf-8",
                CacheControl="no-cache",
            )
