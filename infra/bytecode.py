"""Compiles what goes into packages, because Lambda cannot keep bytecode and compiles at every cold start.

Unchecked-hash bytecode: a zip for Lambda has no dates, and the ordinary kind would be stale by its date.
"""

import subprocess
from pathlib import Path

from infra.errors import SynthesisError


def compile_beside(folder: Path, *, interpreter: str, seen_at: str) -> None:
    """Add `__pycache__` to our own sources, which stay for readable tracebacks.

    seen_at: where Lambda will find the folder; tracebacks name that place on every machine.
    """
    done = _compileall(interpreter, folder, seen_at)
    if done.returncode != 0:
        raise SynthesisError(f"sources do not compile with Python at {interpreter}: {done.stdout.strip()}")


def compile_instead(folder: Path, *, interpreter: str, seen_at: str) -> None:
    """Replace third-party sources by their bytecode: both together would pass Lambda's size limit.

    A file that this Python cannot compile (a template, say) stays as it is.
    """
    _compileall(interpreter, folder, seen_at, "-b", "-j", "0")
    for bytecode in folder.rglob("*.pyc"):
        bytecode.with_suffix(".py").unlink()


def _compileall(
    interpreter: str, folder: Path, seen_at: str, *options: str
) -> subprocess.CompletedProcess[str]:
    command = [interpreter, "-I", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    places = ["-s", str(folder), "-p", seen_at, str(folder)]
    return subprocess.run([*command, *options, *places], capture_output=True, text=True, check=False)
