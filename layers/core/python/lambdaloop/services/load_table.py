"""Reads a resolved dataset again, byte for byte what was pinned."""

import hashlib
import json
from collections.abc import Iterator

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.dataset import Dataset, DatasetFile, HistoryFile
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.documents import from_document
from lambdaloop.domain.errors import DatasetInvalidError
from lambdaloop.domain.feature_history import read_history
from lambdaloop.domain.stored_features import StoredRow
from lambdaloop.domain.typed_cells import wanted_types
from lambdaloop.ports import ArtifactStore, DatasetStore
from lambdaloop.training.point_in_time import join_stored_features
from lambdaloop.training.tables import RawTable, read_table


def load_table(
    manifest: Artifact, *, definition: ModelDefinition, artifacts: ArtifactStore, datasets: DatasetStore
) -> RawTable:
    """The rows of the dataset, with the stored features that they lack.

    DatasetInvalidError when an object's bytes are not those that were pinned, or nothing can be joined to the rows.
    """
    dataset = from_document(Dataset, json.loads(artifacts.get(manifest)))

    def read(file: DatasetFile | HistoryFile) -> bytes:
        bucket = file.bucket if isinstance(file, DatasetFile) else None
        content = datasets.read(file.key, file.version_id, bucket=bucket)
        if hashlib.sha256(content).hexdigest() != file.sha256:
            raise DatasetInvalidError(
                f"{file.key} version {file.version_id} has other bytes than when it was pinned: start a new run"
            )
        return content

    def history(group: str) -> Iterator[StoredRow]:
        for file in dataset.history:
            if file.group == group:
                yield from read_history(read(file), source=file.key)

    table = read_table(
        dataset,
        read,
        wanted=wanted_types(definition),
        captured=artifacts.get(dataset.captured.file) if dataset.captured else None,
    )
    return join_stored_features(table, definition, history)
