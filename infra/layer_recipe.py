"""How a third-party layer is made: installed for the target without Docker, pruned, compiled, zipped.

The text of this file is part of every layer's identity, so a change of the recipe builds layers anew.
"""

import fnmatch
import shutil
import subprocess
import sys
from pathlib import Path

from infra.assets import files_below, write_zip
from infra.bytecode import compile_instead
from infra.errors import LayerBuildError
from infra.targets import Target, uv

_UNUSED_FOLDERS = frozenset({"tests", "test", "include", "bin", "__pycache__"})
_UNUSED_SUFFIXES = frozenset(
    {
        ".a",
        ".c",
        ".cc",
        ".cpp",
        ".f",
        ".f90",
        ".h",
        ".hpp",
        ".md",
        ".proto",
        ".pxd",
        ".pxi",
        ".pyi",
        ".pyx",
        ".rst",
    }
)
# What importlib.metadata reads at run time.
_READ_METADATA = frozenset({"METADATA", "entry_points.txt"})
# Licences ask for their text wherever the code goes; older wheels have it beside METADATA, newer ones in a folder.
_LICENCES = ("LICENSE", "LICENCE", "COPYING", "NOTICE")


def build_layer(source: Path, *, target: Target, work: Path, output: Path) -> None:
    """Make the zip of one folder of `layers/`: requirements.txt (with hashes) and prune.txt (what is never imported)."""
    packages = work / "packages"
    _install(source / "requirements.txt", target=target, packages=packages)
    _prune(packages, unused=_patterns(source / "prune.txt"))
    if target.interpreter:
        compile_instead(packages, interpreter=target.interpreter, seen_at="/opt/python")
    members = {f"python/{name}": path for name, path in files_below(packages).items()}
    write_zip(output, members, compression=target.compression)


def _install(requirements: Path, *, target: Target, packages: Path) -> None:
    at_hand = target.name == "host"
    place = ["--python", sys.executable] if at_hand else ["--python-platform", target.platform]
    command = [uv(), "pip", "install", "--quiet", "--color", "never", "--target", str(packages), *place]
    command += ["--python-version", target.python, "--only-binary", ":all:", "--no-deps", "--require-hashes"]
    done = subprocess.run([*command, "-r", str(requirements)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LayerBuildError(
            f"layer {requirements.parent.name} for {target.name} cannot be installed; uv says:\n{done.stderr.strip()}"
        )


def _patterns(file: Path) -> list[str]:
    lines = (line.partition("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def _prune(packages: Path, *, unused: list[str]) -> None:
    for path in sorted(packages.rglob("*"), reverse=True):  # children before their folder
        name = str(path.relative_to(packages))
        if _is_metadata(path):
            if path.is_file() and not _is_kept_metadata(path):
                path.unlink()
            continue
        named = any(fnmatch.fnmatch(name, pattern) for pattern in unused)
        if path.is_dir() and (path.name in _UNUSED_FOLDERS or named):
            shutil.rmtree(path)
        elif path.is_file() and (path.suffix in _UNUSED_SUFFIXES or named):
            path.unlink()


def _is_metadata(path: Path) -> bool:
    return any(part.endswith(".dist-info") for part in path.parts)


def _is_kept_metadata(path: Path) -> bool:
    return "licenses" in path.parts or path.name in _READ_METADATA or path.name.upper().startswith(_LICENCES)
