"""Where bytes lie: artifacts, training data and the prediction log."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.dataset import DataObject


class ArtifactStore(Protocol):
    """Immutable, content-addressed bytes of one model bucket."""

    def put(self, model: str, name: str, content: bytes) -> Artifact:
        """Store under the content's own address; storing the same content again changes nothing."""
        ...

    def get(self, artifact: Artifact) -> bytes:
        """Read and check: ArtifactMissingError, ArtifactCorruptError (wrong size or sha256)."""
        ...


class ArtifactReader(Protocol):
    """The half of an ArtifactStore that serving needs."""

    def get(self, artifact: Artifact) -> bytes:
        """Read and check: ArtifactMissingError, ArtifactCorruptError, or BackendUnavailableError after bounded retries."""
        ...


class DatasetStore(Protocol):
    """Training data as users upload them."""

    def objects(self, prefix: str, *, suffixes: tuple[str, ...] = (".csv",)) -> Sequence[DataObject]:
        """The current version of every object below the prefix whose name ends so, sorted by key."""
        ...

    def read(self, key: str, version_id: str, *, bucket: str | None = None) -> bytes:
        """One object version, of the data bucket unless another is named; ArtifactMissingError when it is gone."""
        ...

    def read_newest(self, key: str, *, bucket: str | None = None) -> tuple[str, bytes]:
        """The version that counts now, `null` in a bucket without versions, and its content; ArtifactMissingError."""
        ...


class PredictionLog(Protocol):
    """The append-only log of predictions."""

    def write(self, line: Mapping[str, Any]) -> None:
        """One structured line; never fails a prediction."""
        ...


class CaptureArchive(Protocol):
    """The capture bucket; `domain.capture_layout` says where what lies."""

    def sources(self, prefix: str) -> Sequence[DataObject]:
        """Every object below the prefix as it is now, sorted by key."""
        ...

    def read(self, source: DataObject, *, limit: int) -> bytes:
        """The content, unpacked if its first bytes say gzip.

        SourceTooLargeError when that is more than `limit` bytes, SourceCorruptError when it cannot be unpacked,
        ArtifactMissingError when it is gone.
        """
        ...

    def keys(self, prefix: str) -> Sequence[str]:
        """The keys below the prefix, sorted."""
        ...

    def load(self, key: str) -> bytes | None:
        """The content as it is stored, or None."""
        ...

    def save(self, key: str, content: bytes) -> None:
        """Write it, over what was there."""
        ...


class PageShelf(Protocol):
    """Where people find the pages that are written for them."""

    def put_page(self, key: str, html: str) -> None:
        """Write it, over what was there, as something that a browser shows."""
        ...
