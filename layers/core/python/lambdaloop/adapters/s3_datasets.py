"""Training data in the data bucket, pinned to object versions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lambdaloop.adapters.aws_client import aws_client
from lambdaloop.adapters.aws_errors import OBJECT_ABSENT, aws_errors
from lambdaloop.domain.dataset import DataObject
from lambdaloop.domain.errors import ArtifactMissingError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3DatasetStore:
    """The port DatasetStore. IAM: objects s3:ListBucketVersions; read s3:GetObjectVersion; read_newest s3:GetObject."""

    def __init__(self, *, bucket: str, client: "S3Client | None" = None) -> None:
        self._bucket = bucket
        self._client: S3Client = client or aws_client("s3", read_seconds=60)

    def objects(self, prefix: str, *, suffixes: tuple[str, ...] = (".csv",)) -> Sequence[DataObject]:
        """The current version of every object below the prefix whose name ends so, sorted by key."""
        folder = prefix.rstrip("/") + "/"  # churn must not find churn-old/data.csv
        pages = self._client.get_paginator("list_object_versions").paginate(
            Bucket=self._bucket, Prefix=folder
        )
        with aws_errors():
            found = [
                DataObject(key=entry["Key"], version_id=entry["VersionId"], size=entry["Size"])
                for page in pages
                for entry in page.get("Versions", [])
                if entry["IsLatest"] and entry["Key"].endswith(suffixes)
            ]
        return sorted(found, key=lambda data: data.key)

    def read(self, key: str, version_id: str, *, bucket: str | None = None) -> bytes:
        """One object version; ArtifactMissingError when it is gone."""
        missing = ArtifactMissingError(
            f"s3://{bucket or self._bucket}/{key} (version {version_id}) is not there, or this role may not read it: "
            "upload the data again and start a new run"
        )
        with aws_errors(dict.fromkeys(OBJECT_ABSENT, missing)):
            answer = self._client.get_object(Bucket=bucket or self._bucket, Key=key, VersionId=version_id)
            return answer["Body"].read()

    def read_newest(self, key: str, *, bucket: str | None = None) -> tuple[str, bytes]:
        """The version that counts now, and its content; ArtifactMissingError when there is none."""
        missing = ArtifactMissingError(
            f"s3://{bucket or self._bucket}/{key} is not there, or this role may not read it"
        )
        with aws_errors(dict.fromkeys(OBJECT_ABSENT, missing)):
            answer = self._client.get_object(Bucket=bucket or self._bucket, Key=key)
            return answer.get("VersionId", "null"), answer["Body"].read()
