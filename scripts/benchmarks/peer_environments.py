"""A virtual environment for each peer, with what its lock file pins and nothing of ours."""

import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

PROJECT = Path(__file__).parents[2]
_LOCKS = PROJECT / "scripts" / "requirements" / "peers"
_FOLDER = PROJECT / "build" / "peers"
_MARKER = ".requirements-sha256"
_LAST_WORDS = 400


class PeerNotInstallableError(Exception):
    """An environment that cannot be made here; says why."""


def environment_of(peer: str, *, folder: Path = _FOLDER, locks: Path = _LOCKS) -> Path:
    """The folder of the environment, made first where it is missing or out of date; PeerNotInstallableError."""
    lock, environment = locks / f"{peer}.txt", folder / peer
    wanted = sha256(lock.read_bytes()).hexdigest()
    marker = environment / _MARKER
    if marker.is_file() and marker.read_text() == wanted:
        return environment
    shutil.rmtree(environment, ignore_errors=True)
    uv = Path(sys.executable).with_name("uv")
    commands: list[list[str | Path]] = [
        [uv, "venv", "--quiet", "--python", sys.executable, environment],
        [uv, "pip", "sync", "--quiet", "--python", environment / "bin" / "python", "--require-hashes", lock],
    ]
    for command in commands:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode != 0:
            raise PeerNotInstallableError(
                done.stderr.strip()[-_LAST_WORDS:] or f"{command[0]} ended with {done.returncode}"
            )
    marker.write_text(wanted)
    return environment


def packages_of(environment: Path) -> Path:
    """Its site-packages."""
    [found] = environment.glob("lib/python*/site-packages")
    return found


def bytes_below(*folders: Path) -> int:
    """Of all files; one that has several names in there counts once."""
    files = {
        (status.st_dev, status.st_ino): status.st_size
        for folder in folders
        for path in folder.rglob("*")
        if not path.is_symlink() and path.is_file()
        for status in [path.stat()]
    }
    return sum(files.values())


def version_of(environment: Path, package: str) -> str:
    """As its metadata say."""
    [found] = packages_of(environment).glob(f"{package.replace('-', '_')}-*.dist-info")
    return found.name.removesuffix(".dist-info").rpartition("-")[2]
