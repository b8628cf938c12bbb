"""What packages are built for: Lambda's Python and processor, or the machine at hand for the local cloud.

A target decides the content of packages, never the template.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from infra.errors import UnknownTargetError


@dataclass(frozen=True, kw_only=True)
class Target:
    """A Python version on a platform."""

    name: str
    python: str
    """Major and minor version."""
    platform: str
    """What wheels must fit; part of every package's identity."""
    compression: int
    """zlib level of packages."""
    candidates: tuple[str, ...]
    """Interpreters that may compile bytecode for it."""

    @cached_property
    def interpreter(self) -> str | None:
        """An interpreter of the target's version on this machine; bytecode does not depend on the processor."""
        return next((path for path in self.candidates if _version(path) == self.python), None)


def find_target(name: str) -> Target:
    """The target of that name; UnknownTargetError lists those that exist."""
    targets = {"python3.13-arm64": _lambda, "host": _host}
    if name not in targets:
        raise UnknownTargetError(f"unknown target {name!r}: use one of {', '.join(targets)}")
    return targets[name]()


def _lambda() -> Target:
    """Amazon Linux 2023 on arm64. Level 6: what is uploaded once over the internet should be small."""
    return Target(
        name="python3.13-arm64",
        python="3.13",
        platform="aarch64-manylinux_2_28",
        compression=6,
        candidates=tuple(_installed("3.13")),
    )


def _host() -> Target:
    """The interpreter at hand. Level 1 takes half the time of level 6 for 15 % more bytes, which stay on the machine."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Target(
        name="host",
        python=python,
        platform=sysconfig.get_platform(),
        compression=1,
        candidates=(sys.executable,),
    )


def _installed(version: str) -> Iterator[str]:
    """Where an interpreter of that version may be: the path, pyenv, uv's own."""
    on_path = shutil.which(f"python{version}")
    if on_path:
        yield on_path
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(map(str, pyenv.glob(f"versions/{version}*/bin/python")))
    found = subprocess.run(
        [uv(), "python", "find", "--managed-python", "--no-python-downloads", version],
        capture_output=True,
        text=True,
        check=False,
    )
    yield from found.stdout.split("\n")[:1]


def _version(interpreter: str) -> str | None:
    """Major and minor version; None for something that does not run, such as a shim without a Python behind it."""
    try:
        asked = subprocess.run(
            [interpreter, "-I", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return None
    return asked.stdout.strip() if asked.returncode == 0 else None


def uv() -> str:
    """The uv of this environment."""
    return str(Path(sys.executable).parent / "uv")
