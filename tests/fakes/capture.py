"""The capture bucket in memory."""

import gzip
import zlib
from collections.abc import Sequence

from lambdaloop.domain.dataset import DataObject
from lambdaloop.domain.errors import ArtifactMissingError, SourceCorruptError, SourceTooLargeError


class InMemoryCaptureArchive:
    """The port CaptureArchive; objects lie in `objects`, and what was read whole is listed in `reads`."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.reads: list[str] = []
        self.loads: list[str] = []

    def sources(self, prefix: str) -> Sequence[DataObject]:
        return [
            DataObject(key=key, version_id="", size=len(content))
            for key, content in sorted(self.objects.items())
            if key.startswith(prefix)
        ]

    def read(self, source: DataObject, *, limit: int) -> bytes:
        self.reads.append(source.key)
        content = self.objects.get(source.key)
        if content is None:
            raise ArtifactMissingError(f"{source.key} is not there")
        if len(content) > limit:
            raise SourceTooLargeError(f"{source.key} has {len(content)} bytes")
        if content.startswith(b"\x1f\x8b"):
            try:
                content = gzip.decompress(content)
            except (EOFError, OSError, zlib.error) as error:
                raise SourceCorruptError(f"{source.key} cannot be unpacked: {error}") from error
        if len(content) > limit:
            raise SourceTooLargeError(f"{source.key} has more than {limit} bytes when it is unpacked")
        return content

    def keys(self, prefix: str) -> Sequence[str]:
        return sorted(key for key in self.objects if key.startswith(prefix))

    def load(self, key: str) -> bytes | None:
        self.loads.append(key)
        return self.objects.get(key)

    def save(self, key: str, content: bytes) -> None:
        self.objects[key] = content
