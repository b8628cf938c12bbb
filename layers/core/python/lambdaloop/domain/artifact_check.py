"""The rule by which bytes from a bucket are trusted: the registry's size and sha256, before anything parses them."""

import hashlib

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.errors import ArtifactCorruptError


def check_size(artifact: Artifact, size: int, *, where: str) -> None:
    """ArtifactCorruptError when the store announces another size: asked before a wrong giant fills the memory."""
    if size != artifact.size:
        raise ArtifactCorruptError(f"{where} has {size} bytes, the registry says {artifact.size}")


def check_content(artifact: Artifact, content: bytes, *, where: str) -> None:
    """ArtifactCorruptError when the content is not the artifact's."""
    check_size(artifact, len(content), where=where)
    found = hashlib.sha256(content).hexdigest()
    if found != artifact.sha256:
        raise ArtifactCorruptError(f"{where} has sha256 {found}, the registry says {artifact.sha256}")
