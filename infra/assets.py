"""Zip files that are the same for the same input, whatever machine and day they are made on.

An asset is known by what went into it, not by its bytes: bytecode may differ in details from run to run,
and a function whose sources did not change must not be deployed again.
"""

import fcntl
import hashlib
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date that zip files can hold
_REGULAR_FILE = 0o100644 << 16


@dataclass(frozen=True, kw_only=True)
class Asset:
    """A zip file for Lambda."""

    name: str
    path: Path
    identity: str
    """Hash of its input."""

    @cached_property
    def unzipped_bytes(self) -> int:
        """What Lambda counts towards its limit."""
        with zipfile.ZipFile(self.path) as archive:
            return sum(member.file_size for member in archive.infolist())


def identity(*parts: bytes | str) -> str:
    """Hash of an asset's input; where one part ends and the next begins matters."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()


def files_below(folder: Path) -> dict[str, Path]:
    """Every file by its path relative to the folder, without what Python and editors leave behind."""
    return {
        str(path.relative_to(folder)): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }


def write_zip(target: Path, members: Mapping[str, Path | bytes], *, compression: int) -> None:
    """Write members sorted by name, with a fixed date and fixed rights."""
    method = zipfile.ZIP_DEFLATED if compression else zipfile.ZIP_STORED
    with zipfile.ZipFile(target, "w") as archive:
        for name in sorted(members):
            content = members[name]
            entry = zipfile.ZipInfo(name, date_time=_EPOCH)
            entry.compress_type, entry.external_attr, entry.create_system = method, _REGULAR_FILE, 3
            archive.writestr(
                entry,
                content if isinstance(content, bytes) else content.read_bytes(),
                compresslevel=compression,
            )


def make_once(folder: Path, *, name: str, identity: str, build: Callable[[Path, Path], None]) -> Asset:
    """The asset of that identity; `build(work, target)` makes it when it is not there yet.

    Of several processes that want the same asset one builds and the others wait; a reader never sees half a file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    asset = Asset(name=name, path=folder / f"{name}-{identity[:20]}.zip", identity=identity)
    if asset.path.exists():
        return asset
    with (folder / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not asset.path.exists():
            with tempfile.TemporaryDirectory(dir=folder, prefix=f".{name}-") as work:
                unfinished = Path(work) / "asset.zip"
                build(Path(work), unfinished)
                unfinished.replace(asset.path)
    return asset
