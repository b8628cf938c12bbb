"""Unpacks function code and layers, each once, and lays out what a function sees as /var/task and /opt."""

import hashlib
import os
import shutil
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from io import BytesIO
from pathlib import Path

from scripts.localcloud.lambda_host.spec import CodeArchive, VersionSpec

PYTHON_FOLDER = "python"
_SHA256_LETTERS = 64


class CodeStore:
    """Directories under `root`, named by content; safe to use from any thread."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()

    def unpack(self, archive: CodeArchive) -> Path:
        """The directory with the content of a zip file.

        Raises zipfile.BadZipFile for something that is none.
        """
        return self._once(self._root / "unpacked" / archive.sha256, lambda fresh: _extract(archive, fresh))

    def opt(self, spec: VersionSpec) -> Path:
        """A directory that looks like /opt, without the Python packages: later layers override earlier ones."""
        layers = [self.unpack(layer) for layer in spec.layers]
        digest = hashlib.sha256(" ".join(layer.sha256 for layer in spec.layers).encode()).hexdigest()
        return self._once(self._root / "opt" / digest, lambda fresh: _merge(layers, fresh))

    def python_path(self, spec: VersionSpec) -> list[Path]:
        """Where modules are looked for before the runtime's own: the code, then the last layer first."""
        version = spec.runtime.removeprefix("python")
        path = [self.unpack(spec.code)]
        for layer in reversed(spec.layers):
            packages = self.unpack(layer) / PYTHON_FOLDER
            site = packages / "lib" / f"python{version}" / "site-packages"
            path += [folder for folder in (site, packages) if folder.is_dir()]
        return path

    def sweep(self, used: Callable[[], Iterable[CodeArchive]]) -> None:
        """Remove what was unpacked of zip files that are not `used` any more.

        That is asked after looking what there is: what is unpacked meanwhile belongs to somebody, and stays.
        """
        folder = self._root / "unpacked"
        found = list(folder.iterdir()) if folder.is_dir() else []
        names = {archive.sha256 for archive in used()}
        for unpacked in found:
            if len(unpacked.name) == _SHA256_LETTERS and unpacked.name not in names:
                with suppress(FileNotFoundError):  # somebody else sweeps, too
                    away = unpacked.rename(unpacked.with_name(f"{unpacked.name}.away"))
                    shutil.rmtree(away, ignore_errors=True)

    def _once(self, target: Path, fill: Callable[[Path], None]) -> Path:
        if target.is_dir():
            return target
        with self._lock:
            if not target.is_dir():
                target.parent.mkdir(parents=True, exist_ok=True)
                fresh = Path(tempfile.mkdtemp(dir=target.parent))
                try:
                    fill(fresh)
                    fresh.rename(target)
                finally:
                    shutil.rmtree(fresh, ignore_errors=True)
        return target


def unzipped_size(archive: CodeArchive) -> int:
    """Bytes of all files in a zip file, which is what Lambda's size limit counts."""
    with zipfile.ZipFile(BytesIO(archive.content)) as opened:
        return sum(entry.file_size for entry in opened.infolist())


def _extract(archive: CodeArchive, target: Path) -> None:
    with zipfile.ZipFile(BytesIO(archive.content)) as opened:
        opened.extractall(target)
        for entry in opened.infolist():
            mode = entry.external_attr >> 16
            if mode & 0o111 and not entry.is_dir():  # programs stay executable, as in Lambda
                (target / entry.filename).chmod(0o755)


def _merge(layers: list[Path], target: Path) -> None:
    for layer in layers:
        for folder, names, files in os.walk(layer):
            inside = Path(folder).relative_to(layer)
            if folder == str(layer) and PYTHON_FOLDER in names:
                names.remove(PYTHON_FOLDER)  # reached through PYTHONPATH instead
            (target / inside).mkdir(exist_ok=True)
            for name in files:
                link = target / inside / name
                link.unlink(missing_ok=True)
                link.symlink_to(layer / inside / name)
