"""What `lambdaloop doctor` looks at on this machine: the tools and their pins, room for packages, definitions, the local cloud."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from lambdaloop.domain.errors import DefinitionInvalidError
from scripts.cli.cdk import PROJECT
from scripts.cli.finding import Finding, failed, ok, unknown, warning
from scripts.cli.local_process import find_local_cloud

_TOOLS = Path(sys.executable).parent
_SETUP = "run `scripts/setup`"
_ROOM_GB = 2.0
"""What packages for Lambda and for the local cloud take, and a deployment beside them."""
_LAMBDA_PYTHON = "3.13"


def machine_findings(models: Path, state: Path) -> Iterator[Finding]:
    """One after the other, so that the first are told while the last are looked for."""
    yield ok("python", sys.version.split()[0])
    yield _tool("node", _TOOLS / "node", "--version", None)
    pinned = json.loads((PROJECT / "scripts/node/package.json").read_text(encoding="utf-8"))["dependencies"]
    yield _tool("cdk command", _TOOLS / "cdk", "--version", pinned["aws-cdk"])
    yield _pinned_package("aws-cdk-lib")
    yield _interpreter()
    yield disk_space(shutil.disk_usage(PROJECT).free)
    yield definitions_finding(models)
    yield _local_cloud(state)


def disk_space(free_bytes: int) -> Finding:
    """Whether packages fit."""
    free = free_bytes / 1e9
    told = f"{free:.1f} GB are free for packages"
    if free >= _ROOM_GB:
        return ok("disk", told)
    return failed("disk", told, f"make room: packages and a deployment take about {_ROOM_GB:.0f} GB")


def _tool(name: str, path: Path, argument: str, wanted: str | None) -> Finding:
    try:
        asked = subprocess.run([path, argument], capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        return failed(name, f"{path.name} does not run: {error}", _SETUP)
    found = asked.stdout.split()[0].strip() if asked.stdout.split() else "nothing"
    if asked.returncode or (wanted and found != wanted):
        return failed(name, f"{found}, and {wanted or 'a version'} is pinned", _SETUP)
    return ok(name, found)


def _pinned_package(name: str) -> Finding:
    lock = (PROJECT / "scripts/requirements/development.txt").read_text(encoding="utf-8")
    [wanted] = [line.split("==")[1].split()[0] for line in lock.splitlines() if line.startswith(f"{name}==")]
    try:
        found = version(name)
    except PackageNotFoundError:
        return failed(name, "not installed", _SETUP)
    return ok(name, found) if found == wanted else failed(name, f"{found}, and {wanted} is pinned", _SETUP)


def _interpreter() -> Finding:
    from infra.targets import find_target

    found = find_target("python3.13-arm64").interpreter
    if found:
        return ok("packages", f"compiled for Lambda with {found}")
    return warning(
        "packages",
        f"no Python {_LAMBDA_PYTHON} here: packages carry no bytecode, and cold starts take longer",
        f"install Python {_LAMBDA_PYTHON}, for example with `uv python install {_LAMBDA_PYTHON}`",
    )


def definitions_finding(models: Path) -> Finding:
    """Whether every file in the folder is a definition."""
    from lambdaloop.definition_schema import load_definitions

    if not models.is_dir():
        return failed(
            "definitions", f"there is no folder {models}", "run `lambdaloop init DATA.csv --target COLUMN`"
        )
    try:
        names = [each.name for each in load_definitions(models)]
    except DefinitionInvalidError as error:
        return failed("definitions", str(error), "mend the file; models/schema.json gives editors completion")
    if not names:
        return warning("definitions", f"none in {models}", "run `lambdaloop init DATA.csv --target COLUMN`")
    return ok("definitions", ", ".join(names))


def _local_cloud(state: Path) -> Finding:
    cloud = find_local_cloud(state)
    if cloud is None:
        return unknown("local cloud", f"none is running in {state}; `lambdaloop local up` starts one")
    return ok("local cloud", f"running at {cloud.endpoint_url} (process {cloud.pid})")
