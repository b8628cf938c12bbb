"""A dataset: an immutable snapshot of training data, named by the digest of its content."""

import hashlib
import json
from dataclasses import dataclass

from lambdaloop.domain.documents import to_document


@dataclass(frozen=True, slots=True, kw_only=True)
class DataObject:
    """One object version in the data bucket."""

    key: str
    version_id: str
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetFile:
    """One CSV file of a dataset, pinned to its object version."""

    key: str
    version_id: str
    sha256: str
    size: int
    rows: int
    """Data rows, without the header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """The manifest of a snapshot; all files share one header."""

    schema: int = 1
    model: str
    columns: tuple[str, ...]
    files: tuple[DatasetFile, ...]

    @property
    def rows(self) -> int:
        """Data rows in all files."""
        return sum(file.rows for file in self.files)

    @property
    def digest(self) -> str:
        """sha256 over columns and file contents in order: the same data has the same digest wherever it lies."""
        content = {"columns": self.columns, "files": [file.sha256 for file in self.files]}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def to_json(self) -> bytes:
        """The manifest as it is stored."""
        return json.dumps(to_document(self), sort_keys=True, indent=1).encode()
