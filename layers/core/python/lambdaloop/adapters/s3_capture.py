"""The capture bucket: what Firehose delivered, and what the watch made of it."""

import zlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lambdaloop.adapters.aws_client import aws_client
from lambdaloop.adapters.aws_errors import OBJECT_ABSENT, aws_errors
from lambdaloop.domain.dataset import DataObject
from lambdaloop.domain.errors import ArtifactMissingError, SourceCorruptError, SourceTooLargeError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_PIECE = 1 << 20


class _AbsentError(Exception):
    """There is no object under this key."""


class S3CaptureArchive:
    """The port CaptureArchive. IAM: sources and keys s3:ListBucket; read and load s3:GetObject; save s3:PutObject."""

    def __init__(self, *, bucket: str, client: "S3Client | None" = None) -> None:
        self._bucket = bucket
        self._client: S3Client = client or aws_client("s3", read_seconds=60)

    def sources(self, prefix: str) -> Sequence[DataObject]:
        """Every object below the prefix as it is now, sorted by key."""
        return sorted(self._below(prefix), key=lambda found: found.key)

    def read(self, source: DataObject, *, limit: int) -> bytes:
        """The content, unpacked if its first bytes say gzip.

        SourceTooLargeError when that is more than `limit` bytes, SourceCorruptError when it cannot be unpacked,
        ArtifactMissingError when it is gone.
        """
        where = f"s3://{self._bucket}/{source.key}"
        missing = ArtifactMissingError(f"{where} is not there, or this role may not read it")
        with aws_errors(dict.fromkeys(OBJECT_ABSENT, missing)):
            answer = self._client.get_object(Bucket=self._bucket, Key=source.key)
            if answer["ContentLength"] > limit:
                raise SourceTooLargeError(
                    f"{where} has {answer['ContentLength']} bytes, {limit} can be read at once"
                )
            stored = answer["Body"].read()
        return unpacked(stored, limit=limit, where=where)

    def keys(self, prefix: str) -> Sequence[str]:
        """The keys below the prefix, sorted."""
        return [found.key for found in self.sources(prefix)]

    def load(self, key: str) -> bytes | None:
        """The content as it is stored, or None."""
        try:
            with aws_errors(dict.fromkeys(OBJECT_ABSENT, _AbsentError())):
                return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except _AbsentError:
            return None

    def save(self, key: str, content: bytes) -> None:
        """Write it, over what was there."""
        with aws_errors():
            self._client.put_object(Bucket=self._bucket, Key=key, Body=content)

    def _below(self, prefix: str) -> Iterator[DataObject]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        with aws_errors():
            for page in pages:
                for entry in page.get("Contents", []):
                    yield DataObject(key=entry["Key"], version_id="", size=entry["Size"])


def unpacked(stored: bytes, *, limit: int, where: str) -> bytes:
    """The content of what may be gzip, of one member or several: never more than `limit` bytes of it are in memory."""
    if not stored.startswith(_GZIP):
        return stored
    pieces: list[bytes] = []
    size = 0
    rest = stored
    try:
        while rest:
            member = zlib.decompressobj(_GZIP_WINDOW)
            while not member.eof:
                piece = member.decompress(rest, _PIECE)
                rest = member.unconsumed_tail
                if not piece and not member.eof and not rest:
                    raise SourceCorruptError(f"{where} ends in the middle: its end is missing")
                pieces.append(piece)
                size += len(piece)
                if size > limit:
                    raise SourceTooLargeError(f"{where} has more than {limit} bytes when it is unpacked")
            rest = member.unused_data
    except zlib.error as error:
        raise SourceCorruptError(f"{where} cannot be unpacked: {error}") from error
    return b"".join(pieces)
