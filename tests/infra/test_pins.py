"""A requirement that changed without scripts/lock is noticed without a network."""

import shutil
from pathlib import Path

import pytest

from scripts.pins import LOCKS, problems
from tests.infra.synthesis import PROJECT

SERVING = "layers/serving/requirements"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for lock, sources in LOCKS.items():
        for file in (lock, *sources):
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(PROJECT / file, tmp_path / file)
    return tmp_path


def _edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def _said(project: Path) -> str:
    return "\n".join(problems(project))


def test_the_locks_of_this_checkout_fit() -> None:
    assert _said(PROJECT) == ""


def test_a_new_requirement_needs_a_pin(project: Path) -> None:
    _edit(project / f"{SERVING}.in", "mangum\n", "mangum\nmsgspec\n")
    assert f"{SERVING}.txt: msgspec is asked for but not pinned: run scripts/lock" in _said(project)


def test_a_requirement_that_was_dropped_needs_its_pin_dropped(project: Path) -> None:
    _edit(project / f"{SERVING}.in", "mangum\n", "")
    assert f"{SERVING}.txt: mangum is pinned but no longer asked for" in _said(project)


def test_a_dependency_group_counts_as_asked_for(project: Path) -> None:
    _edit(project / "pyproject.toml", '"httpx",', '"httpx",\n    "msgspec",')
    assert "development.txt: msgspec is asked for but not pinned" in _said(project)


def test_a_pin_outside_what_is_allowed_is_noticed(project: Path) -> None:
    _edit(project / f"{SERVING}.in", "mangum\n", "mangum<0.2\n")
    assert "mangum<0.2 is asked for" in _said(project)


def test_two_versions_of_one_package_are_noticed(project: Path) -> None:
    _edit(project / f"{SERVING}.txt", "mangum==", "mangum==99.")
    assert "mangum is pinned to" in _said(project)


def test_a_pin_without_hashes_is_noticed(project: Path) -> None:
    file = project / "scripts/requirements/bootstrap.txt"
    file.write_text("uv==0.13.8\n    # via -r scripts/requirements/bootstrap.in\n")
    assert "uv has no hash" in _said(project)


def test_an_address_in_a_lock_is_noticed(project: Path) -> None:
    _edit(project / f"{SERVING}.txt", "# This", "--index-url https://example.com/simple\n# This")
    assert f"{SERVING}.txt: names an index" in _said(project)
