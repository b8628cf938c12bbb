"""A dataset: an immutable snapshot of training data, named by the digest of its content."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lambdaloop.domain.artifact import Artifact
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
    """One file of a dataset, pinned to its object version."""

    key: str
    version_id: str
    sha256: str
    size: int
    rows: int
    """Data rows, without a header."""
    bucket: str | None = None
    """Where it lies, unless in the data bucket."""
    name: str | None = None
    """What it is called where its key does not tell: a pointer file of DVC names it."""

    @property
    def source(self) -> str:
        """What people know it by; its end says how it is written."""
        return self.name or self.key


@dataclass(frozen=True, slots=True, kw_only=True)
class PointerFile:
    """A pointer file of DVC that a dataset was resolved through."""

    key: str
    version_id: str
    md5: tuple[str, ...]
    """What it names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFile:
    """One file of the history of stored features, pinned to its object version."""

    group: str
    key: str
    version_id: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturedRows:
    """Labelled rows out of the prediction log, oldest first."""

    file: Artifact
    rows: int
    held_out: int
    """The last so many rows compare the winner with the champion."""
    until: datetime
    """What was known at this time counts; ages of rows are taken from here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """The manifest of a snapshot; all files share one header. It has files, captured rows, or both."""

    schema: int = 1
    model: str
    columns: tuple[str, ...]
    """Of the files."""
    files: tuple[DatasetFile, ...]
    captured: CapturedRows | None = None
    history: tuple[HistoryFile, ...] = ()
    """The stored features that the files' rows are joined with."""
    pointers: tuple[PointerFile, ...] = ()
    """Through which some of the files were found."""

    @property
    def uploaded_rows(self) -> int:
        """Data rows in all files."""
        return sum(file.rows for file in self.files)

    @property
    def captured_rows(self) -> int:
        """Rows out of the prediction log."""
        return self.captured.rows if self.captured else 0

    @property
    def rows(self) -> int:
        """All of them."""
        return self.uploaded_rows + self.captured_rows

    @property
    def digest(self) -> str:
        """sha256 over columns and contents in order: the same data has the same digest wherever it lies."""
        content: dict[str, Any] = {"columns": self.columns, "files": [file.sha256 for file in self.files]}
        if self.captured:
            content["captured"] = self.captured.file.sha256
        if self.history:
            content["history"] = [[file.group, file.sha256] for file in self.history]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def to_json(self) -> bytes:
        """The manifest as it is stored."""
        return json.dumps(to_document(self), sort_keys=True, indent=1).encode()
