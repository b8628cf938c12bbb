"""A model bucket in memory."""

import hashlib

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.errors import ArtifactCorruptError, ArtifactMissingError


class InMemoryArtifactStore:
    """The port ArtifactStore; `objects` may be damaged at will."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}

    def put(self, model: str, name: str, content: bytes) -> Artifact:
        sha256 = hashlib.sha256(content).hexdigest()
        key = f"models/{model}/artifacts/{sha256}/{name}"
        versions = [version for stored, version in self.objects if stored == key]
        for version in versions:
            if self.objects[key, version] == content:
                return Artifact(key=key, version_id=version, sha256=sha256, size=len(content))
        version = f"v{len(versions) + 1}"
        self.objects[key, version] = content
        return Artifact(key=key, version_id=version, sha256=sha256, size=len(content))

    def get(self, artifact: Artifact) -> bytes:
        try:
            content = self.objects[artifact.key, artifact.version_id]
        except KeyError:
            raise ArtifactMissingError(f"{artifact.key} is not there") from None
        if len(content) != artifact.size or hashlib.sha256(content).hexdigest() != artifact.sha256:
            raise ArtifactCorruptError(f"{artifact.key} is not what the registry says")
        return content
