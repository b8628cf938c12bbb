"""Artifacts in the model bucket, under the address of their content."""

import base64
import hashlib
from typing import TYPE_CHECKING

from lambdaloop.adapters.aws_client import aws_client
from lambdaloop.adapters.aws_errors import OBJECT_ABSENT, aws_errors
from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.artifact_check import check_content, check_size
from lambdaloop.domain.errors import ArtifactMissingError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class _AlreadyThereError(Exception):
    """S3 holds an object under this key."""


class S3ArtifactStore:
    """The port ArtifactStore. IAM: put s3:PutObject and s3:GetObject; get s3:GetObjectVersion."""

    def __init__(self, *, bucket: str, client: "S3Client | None" = None) -> None:
        self._bucket = bucket
        self._client: S3Client = client or aws_client("s3")

    def put(self, model: str, name: str, content: bytes) -> Artifact:
        """Store under the content's own address; storing the same content again changes nothing."""
        digest = hashlib.sha256(content)
        key = f"models/{model}/artifacts/{digest.hexdigest()}/{name}"
        checksum = base64.b64encode(digest.digest()).decode()
        try:
            version_id = self._create(key, content, checksum)
        except _AlreadyThereError:
            version_id = self._current(key, checksum) or self._overwrite(key, content, checksum)
        return Artifact(key=key, version_id=version_id, sha256=digest.hexdigest(), size=len(content))

    def get(self, artifact: Artifact) -> bytes:
        """Read and check: ArtifactMissingError, ArtifactCorruptError (wrong size or sha256)."""
        where = f"s3://{self._bucket}/{artifact.key} (version {artifact.version_id})"
        missing = ArtifactMissingError(
            f"{where} is not there, or this role may not read it: restore it or train anew"
        )
        with aws_errors(dict.fromkeys(OBJECT_ABSENT, missing)):
            answer = self._client.get_object(
                Bucket=self._bucket, Key=artifact.key, VersionId=artifact.version_id
            )
            check_size(artifact, answer["ContentLength"], where=where)
            content = answer["Body"].read()
        check_content(artifact, content, where=where)
        return content

    def _create(self, key: str, content: bytes, checksum: str) -> str:
        with aws_errors({"PreconditionFailed": _AlreadyThereError()}):
            answer = self._client.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=content,
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=checksum,
                IfNoneMatch="*",
            )
        return answer["VersionId"]

    def _current(self, key: str, checksum: str) -> str | None:
        """The version that is there, if it is the right content."""
        with aws_errors():
            answer = self._client.head_object(Bucket=self._bucket, Key=key, ChecksumMode="ENABLED")
        return answer["VersionId"] if answer.get("ChecksumSHA256") == checksum else None

    def _overwrite(self, key: str, content: bytes, checksum: str) -> str:
        """Somebody put other content there: lay the right one over it."""
        with aws_errors():
            answer = self._client.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=content,
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=checksum,
            )
        return answer["VersionId"]
