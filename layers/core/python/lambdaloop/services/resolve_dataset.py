"""Pins what a run trains on: which object versions, with which content, how many rows, and which captured rows."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lambdaloop.domain.alias import CHAMPION
from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.data_files import FORMATS, format_of
from lambdaloop.domain.dataset import (
    CapturedRows,
    DataObject,
    Dataset,
    DatasetFile,
    HistoryFile,
    PointerFile,
)
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.dvc import POINTER
from lambdaloop.domain.errors import DatasetEmptyError, VersionNotFoundError
from lambdaloop.domain.labelled_rows import row_times
from lambdaloop.domain.recent_holdout import held_out
from lambdaloop.domain.run import Run
from lambdaloop.domain.stored_features import history_prefix, lacking_features
from lambdaloop.domain.version import seen_until
from lambdaloop.ports import ArtifactStore, DatasetStore, RunLog, VersionRegistry
from lambdaloop.services.resolve_pointers import is_pointer, pointed_files
from lambdaloop.training.data_rows import check_columns, data_columns

MANIFEST = "dataset.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturedFile:
    """What `collect_labelled` wrote."""

    file: Artifact
    until: datetime


def resolve_dataset(
    definition: ModelDefinition,
    *,
    run: Run,
    captured: CapturedFile | None,
    datasets: DatasetStore,
    artifacts: ArtifactStore,
    runs: RunLog,
    versions: VersionRegistry,
) -> tuple[Dataset, Artifact]:
    """Record the run, then the dataset: its manifest and where that lies.

    Raises DatasetEmptyError when there is no row, DatasetInvalidError when a file is not what its name says or files
    have different columns. With captured rows uploaded ones may be absent; a weight of 0 leaves them where they are.
    """
    runs.start_run(run)
    recent = _captured(definition, captured, artifacts, versions) if captured else None
    columns, files, pointers = _uploaded(definition, datasets, wanted=recent is None)
    history = _history(definition, datasets, columns) if files else ()
    dataset = Dataset(
        model=definition.name,
        columns=columns,
        files=files,
        captured=recent,
        history=history,
        pointers=pointers,
    )
    if not dataset.rows:
        location = definition.data.location
        raise DatasetEmptyError(f"the {len(files)} files under {location!r} have headers but no rows")
    return dataset, artifacts.put(definition.name, MANIFEST, dataset.to_json())


def _captured(
    definition: ModelDefinition, captured: CapturedFile, artifacts: ArtifactStore, versions: VersionRegistry
) -> CapturedRows:
    times = row_times(artifacts.get(captured.file))
    return CapturedRows(
        file=captured.file,
        rows=len(times),
        held_out=held_out(times, definition, seen_until=_champion_saw(definition.name, versions)),
        until=captured.until,
    )


def _champion_saw(model: str, versions: VersionRegistry) -> datetime | None:
    alias = versions.alias(model, CHAMPION)
    if alias is None:
        return None
    try:
        return seen_until(versions.version(model, alias.version))
    except VersionNotFoundError:  # the gate says so, if it may not go on without a champion
        return None


def _uploaded(
    definition: ModelDefinition, datasets: DatasetStore, *, wanted: bool
) -> tuple[tuple[str, ...], tuple[DatasetFile, ...], tuple[PointerFile, ...]]:
    """Columns, files and pointers that lead to some of them; none where there are none and none are wanted, or all of them would weigh nothing."""
    if not wanted and definition.retraining.original_weight == 0:
        return (), (), ()
    location = definition.data.location
    objects = datasets.objects(location, suffixes=(*FORMATS, POINTER))
    if not objects:
        if not wanted:
            return (), (), ()
        raise DatasetEmptyError(
            f"no {', '.join(FORMATS)} object under {location!r} in the data bucket: upload training data"
        )
    pinned, pointers = _pinned(objects, definition, datasets)
    if not pinned:
        raise DatasetEmptyError(
            f"the pointer files under {location!r} lead to no data: their directories hold none"
        )
    first, columns = _header(pinned)
    for others, file in pinned:
        check_columns(first, columns, file.source, others)
    return columns, tuple(file for _, file in pinned), pointers


def _header(pinned: Sequence[tuple[tuple[str, ...], DatasetFile]]) -> tuple[str, tuple[str, ...]]:
    """The file that says what columns there are, and these: a row of JSON Lines may leave columns out, so all such files say it."""
    for kind in ("csv", "parquet"):
        for columns, file in pinned:
            if format_of(file.source) == kind:
                return file.source, columns
    return pinned[0][1].source, tuple(dict.fromkeys(name for columns, _ in pinned for name in columns))


_Pinned = tuple[tuple[str, ...], DatasetFile]


def _pinned(
    objects: Sequence[DataObject], definition: ModelDefinition, datasets: DatasetStore
) -> tuple[list[_Pinned], tuple[PointerFile, ...]]:
    """Each file with its columns, those that pointers lead to in the place of the pointer."""
    found: list[_Pinned] = []
    pointers: list[PointerFile] = []
    plain = [each.key for each in objects if not is_pointer(each.key)]
    for each in objects:
        if is_pointer(each.key):
            pointer, files = pointed_files(each, definition=definition, datasets=datasets, beside=plain)
            pointers.append(pointer)
            found += [
                _described(file.content, file.key, file.version_id, bucket=file.bucket, name=file.name)
                for file in files
            ]
        else:
            found.append(_described(datasets.read(each.key, each.version_id), each.key, each.version_id))
    return found, tuple(pointers)


def _described(
    content: bytes, key: str, version_id: str, *, bucket: str | None = None, name: str | None = None
) -> _Pinned:
    columns, rows = data_columns(content, source=name or key)
    file = DatasetFile(
        key=key,
        version_id=version_id,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        rows=rows,
        bucket=bucket,
        name=name,
    )
    return columns, file


def _history(
    definition: ModelDefinition, datasets: DatasetStore, columns: tuple[str, ...]
) -> tuple[HistoryFile, ...]:
    """Everything that was ever put into the groups of which the files lack a feature."""
    return tuple(
        HistoryFile(
            group=group,
            key=found.key,
            version_id=found.version_id,
            sha256=hashlib.sha256(datasets.read(found.key, found.version_id)).hexdigest(),
        )
        for group in lacking_features(columns, definition)
        for found in datasets.objects(history_prefix(group))
    )
