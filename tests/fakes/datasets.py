"""A data bucket in memory."""

from collections.abc import Sequence

from lambdaloop.domain.dataset import DataObject
from lambdaloop.domain.errors import ArtifactMissingError


class InMemoryDatasetStore:
    """The port DatasetStore; `upload` is what a user does."""

    def __init__(self) -> None:
        self._objects: dict[str, list[bytes | None]] = {}

    def upload(self, key: str, content: bytes, *, bucket: str | None = None) -> str:
        """A new version of the object."""
        key = _place(key, bucket)
        self._objects.setdefault(key, []).append(content)
        return f"v{len(self._objects[key])}"

    def delete(self, key: str) -> None:
        """Hide the object; its versions stay."""
        self._objects[key].append(None)

    def objects(self, prefix: str, *, suffixes: tuple[str, ...] = (".csv",)) -> Sequence[DataObject]:
        folder = prefix.rstrip("/") + "/"
        found = []
        for key, versions in sorted(self._objects.items()):
            content = versions[-1]
            if content is not None and key.startswith(folder) and key.endswith(suffixes):
                found.append(DataObject(key=key, version_id=f"v{len(versions)}", size=len(content)))
        return found

    def read_newest(self, key: str, *, bucket: str | None = None) -> tuple[str, bytes]:
        version_id = f"v{len(self._objects.get(_place(key, bucket), []))}"
        return version_id, self.read(key, version_id, bucket=bucket)

    def read(self, key: str, version_id: str, *, bucket: str | None = None) -> bytes:
        versions = self._objects.get(_place(key, bucket), [])
        number = int(version_id.removeprefix("v")) if version_id.startswith("v") else 0
        content = versions[number - 1] if 1 <= number <= len(versions) else None
        if content is None:
            raise ArtifactMissingError(f"{key} has no version {version_id}")
        return content


def _place(key: str, bucket: str | None) -> str:
    return f"s3://{bucket}/{key}" if bucket else key
