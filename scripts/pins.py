"""Checks without a network that lock files fit what was asked for: `python -m scripts.pins`.

Every requirement is pinned to a version that it allows, every pin was asked for and has hashes, one package has one
version everywhere, and no file names an index. What only resolving could tell (a newer version, another transitive
dependency) is left to scripts/lock.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).resolve().parents[1]
DEVELOPMENT = "scripts/requirements/development.txt"
LOCKS = {  # lock → the files it was made from
    DEVELOPMENT: (
        "pyproject.toml",
        "layers/serving/requirements.in",
        "layers/serving-sklearn/requirements.in",
        "layers/training/requirements.in",
    ),
    "layers/serving/requirements.txt": ("layers/serving/requirements.in",),
    "layers/serving-sklearn/requirements.txt": ("layers/serving-sklearn/requirements.in",),
    "layers/training/requirements.txt": ("layers/training/requirements.in",),
    "scripts/requirements/lambda-runtime.txt": ("scripts/requirements/lambda-runtime.in",),
    "scripts/requirements/bootstrap.txt": ("scripts/requirements/bootstrap.in",),
}
_INDEX = re.compile(r"--(extra-)?index-url|--find-links|https?://")
_DIRECT = re.compile(r"#\s+(?:via )?(?:-r |lambdaloop \()")


@dataclass(frozen=True)
class Pin:
    """One entry of a lock file."""

    name: str
    version: str
    marker: str
    direct: bool
    """Whether the lock says that a person asked for it."""
    hashes: int


def problems(project: Path) -> Iterator[str]:
    """What does not fit, one sentence each."""
    everywhere: dict[tuple[str, str], set[str]] = {}
    for lock, sources in LOCKS.items():
        text = (project / lock).read_text(encoding="utf-8")
        if _INDEX.search(text):
            yield f"{lock}: names an index or an address: run scripts/lock"
        pins = list(read_pins(text))
        asked = [requirement for source in sources for requirement in read_requirements(project / source)]
        yield from (f"{lock}: {problem}: run scripts/lock" for problem in _misfits(pins, asked))
        for pin in pins:
            everywhere.setdefault((pin.name, pin.marker), set()).add(pin.version)
    for (name, _), versions in everywhere.items():
        if len(versions) > 1:
            yield f"{name} is pinned to {' and '.join(sorted(versions))}: run scripts/lock"


def _misfits(pins: list[Pin], asked: list[Requirement]) -> Iterator[str]:
    names = {canonicalize_name(requirement.name) for requirement in asked}
    for pin in pins:
        if not pin.hashes:
            yield f"{pin.name} has no hash"
        if pin.direct and pin.name not in names:
            yield f"{pin.name} is pinned but no longer asked for"
    for requirement in asked:
        found = [pin for pin in pins if pin.name == canonicalize_name(requirement.name)]
        if not found:
            yield f"{requirement.name} is asked for but not pinned"
        for pin in found:
            if not requirement.specifier.contains(pin.version, prereleases=True):
                yield f"{pin.name} is pinned to {pin.version} but {requirement} is asked for"


def read_pins(text: str) -> Iterator[Pin]:
    """The entries of a lock file."""
    for entry in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE):
        if entry.startswith("#") or "==" not in entry:
            continue
        requirement = Requirement(entry.splitlines()[0].rstrip("\\").strip())
        [specifier] = requirement.specifier
        yield Pin(
            name=canonicalize_name(requirement.name),
            version=specifier.version,
            marker=str(requirement.marker or ""),
            direct=bool(_DIRECT.search(entry)),
            hashes=entry.count("--hash="),
        )


def read_requirements(source: Path) -> Iterator[Requirement]:
    """What a requirements.in asks for, or the development group of pyproject.toml."""
    if source.name == "pyproject.toml":
        groups = tomllib.loads(source.read_text(encoding="utf-8"))["dependency-groups"]
        yield from _group(groups, "development")
        return
    for line in source.read_text(encoding="utf-8").splitlines():
        if asked := line.partition("#")[0].strip():
            yield Requirement(asked)


def _group(groups: dict[str, list[str | dict[str, str]]], name: str) -> Iterator[Requirement]:
    for entry in groups[name]:
        if isinstance(entry, dict):
            yield from _group(groups, entry["include-group"])
        else:
            yield Requirement(entry)


def main() -> int:
    """Print what does not fit."""
    found = list(problems(PROJECT))
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
