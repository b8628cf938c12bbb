"""Reads a resolved dataset again, byte for byte what was pinned."""

import hashlib
import json

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.dataset import Dataset, DatasetFile
from lambdaloop.domain.documents import from_document
from lambdaloop.domain.errors import DatasetInvalidError
from lambdaloop.ports import ArtifactStore, DatasetStore
from lambdaloop.training.tables import RawTable, read_table


def load_table(manifest: Artifact, *, artifacts: ArtifactStore, datasets: DatasetStore) -> RawTable:
    """The rows of the dataset; DatasetInvalidError when an object's bytes are not those that were pinned."""
    dataset = from_document(Dataset, json.loads(artifacts.get(manifest)))

    def read(file: DatasetFile) -> bytes:
        content = datasets.read(file.key, file.version_id)
        if hashlib.sha256(content).hexdigest() != file.sha256:
            raise DatasetInvalidError(
                f"{file.key} version {file.version_id} has other bytes than when it was pinned: start a new run"
            )
        return content

    return read_table(
        dataset, read, captured=artifacts.get(dataset.captured.file) if dataset.captured else None
    )
