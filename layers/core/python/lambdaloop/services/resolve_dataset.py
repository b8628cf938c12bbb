"""Pins what a run trains on: which object versions, with which content, how many rows."""

import hashlib
from datetime import datetime

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.csv_rows import read_csv
from lambdaloop.domain.dataset import DataObject, Dataset, DatasetFile
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.errors import DatasetEmptyError, DatasetInvalidError
from lambdaloop.domain.run import Run
from lambdaloop.ports import ArtifactStore, DatasetStore, RunLog

MANIFEST = "dataset.json"


def resolve_dataset(
    definition: ModelDefinition,
    *,
    run: str,
    reason: str,
    requested_by: str,
    started_at: datetime,
    datasets: DatasetStore,
    artifacts: ArtifactStore,
    runs: RunLog,
) -> tuple[Dataset, Artifact]:
    """Record the run, then the dataset: its manifest and where that lies.

    Raises DatasetEmptyError when there is no row, DatasetInvalidError when a file is no CSV or files have different
    columns.
    """
    runs.start_run(
        Run(id=run, model=definition.name, reason=reason, requested_by=requested_by, started_at=started_at)
    )
    location = definition.data.location
    objects = datasets.objects(location)
    if not objects:
        raise DatasetEmptyError(f"no .csv object under {location!r} in the data bucket: upload training data")
    columns, first = _pinned(objects[0], datasets)
    files = [first]
    for candidate in objects[1:]:
        others, file = _pinned(candidate, datasets)
        if others != columns:
            raise DatasetInvalidError(_difference(first.key, columns, file.key, others))
        files.append(file)
    dataset = Dataset(model=definition.name, columns=columns, files=tuple(files))
    if not dataset.rows:
        raise DatasetEmptyError(f"the {len(files)} files under {location!r} have headers but no rows")
    return dataset, artifacts.put(definition.name, MANIFEST, dataset.to_json())


def _pinned(candidate: DataObject, datasets: DatasetStore) -> tuple[tuple[str, ...], DatasetFile]:
    content = datasets.read(candidate.key, candidate.version_id)
    columns, rows = read_csv(content, source=candidate.key)
    file = DatasetFile(
        key=candidate.key,
        version_id=candidate.version_id,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        rows=sum(1 for _ in rows),
    )
    return columns, file


def _difference(first: str, columns: tuple[str, ...], other: str, others: tuple[str, ...]) -> str:
    parts = []
    if lacking := [name for name in columns if name not in others]:
        parts.append(f"{other} lacks {', '.join(map(repr, lacking))}")
    if extra := [name for name in others if name not in columns]:
        parts.append(f"{other} adds {', '.join(map(repr, extra))}")
    what = "; ".join(parts) or f"{other} has them in another order: {', '.join(map(repr, others))}"
    return f"all files must have the columns of {first}: {what}"
