"""What AWS's Python runtime brings along besides the standard library: boto3 and the runtime interface client.

Functions see this directory and never the virtual environment of the project, so that a dependency that is
missing from a layer is missing locally too.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[3]
_REQUIREMENTS = PROJECT_ROOT / "scripts" / "requirements" / "lambda-runtime.txt"
_MARKER = ".requirements-sha256"


def runtime_dir(
    *, root: Path = PROJECT_ROOT / "build" / "runtime", requirements: Path = _REQUIREMENTS
) -> Path:
    """The directory for the interpreter at hand, made first where it is missing or out of date.

    Raises subprocess.CalledProcessError when the packages cannot be installed.
    """
    target = root / f"py{sys.version_info.major}{sys.version_info.minor}"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if _is_current(target, wanted):
        return target
    root.mkdir(parents=True, exist_ok=True)
    with (root / f"{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another process may be making it right now
        if not _is_current(target, wanted):
            _build(target, requirements, wanted)
    return target


def _is_current(target: Path, wanted: str) -> bool:
    marker = target / _MARKER
    return marker.is_file() and marker.read_text() == wanted


def _build(target: Path, requirements: Path, wanted: str) -> None:
    fresh = Path(tempfile.mkdtemp(prefix=f"{target.name}-", dir=target.parent))
    try:
        subprocess.run(
            [
                *(sys.executable, "-m", "uv", "pip", "install", "--quiet"),
                *("--python", sys.executable, "--target", str(fresh), "--compile-bytecode"),
                *("--require-hashes", "-r", str(requirements)),
            ],
            check=True,
        )
        (fresh / _MARKER).write_text(wanted)
        if target.exists():
            # Processes that are running keep their open files; new ones find the new directory.
            outdated = Path(tempfile.mkdtemp(prefix=f"{target.name}-old-", dir=target.parent))
            target.rename(outdated / target.name)
            shutil.rmtree(outdated)
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
