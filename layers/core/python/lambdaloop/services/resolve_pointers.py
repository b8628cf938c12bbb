"""Finds the data that DVC's pointer files stand for, and holds them against the pointers before anything reads them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from lambdaloop.domain.data_files import format_of
from lambdaloop.domain.dataset import DataObject, PointerFile
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.dvc import POINTER, DvcFile, DvcRemote, read_pointer
from lambdaloop.domain.errors import ArtifactMissingError, DatasetInvalidError
from lambdaloop.ports import DatasetStore


@dataclass(frozen=True, slots=True, kw_only=True)
class PointedFile:
    """One file of data in a remote, with the bytes that the pointer means."""

    name: str
    """As if it lay beside the pointer."""
    bucket: str | None
    key: str
    version_id: str
    content: bytes


def pointed_files(
    pointer: DataObject, *, definition: ModelDefinition, datasets: DatasetStore, beside: Collection[str]
) -> tuple[PointerFile, Iterator[PointedFile]]:
    """The pointer as it is recorded, and its files; of a directory those that are data.

    `beside`: the keys of data that lie in the location themselves. DatasetInvalidError when the pointer cannot be followed.
    """
    import yaml  # from the training layer, and only where there is a pointer

    if definition.data.dvc_remote is None:
        raise DatasetInvalidError(
            f"{pointer.key} is a pointer file of DVC: say in data.dvc_remote where its remote is, such as s3://BUCKET/PREFIX"
        )
    remote = DvcRemote.parse(definition.data.dvc_remote)
    try:
        document = yaml.safe_load(datasets.read(pointer.key, pointer.version_id))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DatasetInvalidError(f"{pointer.key} is no pointer file of DVC: {error}") from error
    outs = read_pointer(document, source=pointer.key)
    folder = pointer.key.rpartition("/")[0]
    for out in outs:
        place = f"{folder}/{out.path}"
        if twice := [key for key in beside if key == place or key.startswith(f"{place}/")]:
            raise DatasetInvalidError(
                f"{twice[0]} lies beside {pointer.key}, which names it, too: its rows would count twice, remove one of them"
            )
    record = PointerFile(key=pointer.key, version_id=pointer.version_id, md5=tuple(out.md5 for out in outs))
    return record, _files(outs, pointer, folder, remote, datasets)


def _files(
    outs: list[DvcFile], pointer: DataObject, folder: str, remote: DvcRemote, datasets: DatasetStore
) -> Iterator[PointedFile]:
    for out in outs:
        if not out.is_directory and format_of(out.path) is None:
            raise DatasetInvalidError(
                f"{pointer.key} names {out.path}, which is no data by its name: remove the pointer from the data location"
            )
        files = [out]
        if out.is_directory:
            listed = out.listed(_read(out, pointer, remote, datasets)[1], source=pointer.key)
            files = [file for file in listed if format_of(file.path)]
        for file in files:
            version_id, content = _read(file, pointer, remote, datasets)
            yield PointedFile(
                name=f"{folder}/{file.path}",
                bucket=remote.bucket,
                key=file.key(remote),
                version_id=version_id,
                content=content,
            )


def _read(file: DvcFile, pointer: DataObject, remote: DvcRemote, datasets: DatasetStore) -> tuple[str, bytes]:
    try:
        version_id, content = datasets.read_newest(file.key(remote), bucket=remote.bucket)
    except ArtifactMissingError as error:
        raise DatasetInvalidError(
            f"{pointer.key}: {file.path} is not in the remote: `dvc push` it, or correct data.dvc_remote ({error})"
        ) from error
    file.check(content, source=pointer.key)
    return version_id, content


def is_pointer(key: str) -> bool:
    """Whether an object is a pointer file."""
    return key.endswith(POINTER)
