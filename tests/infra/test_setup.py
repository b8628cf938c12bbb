"""scripts/setup says what is missing, and leaves nothing behind that a second run would trip over."""

import os
import subprocess
import sys
from pathlib import Path

from tests.infra.synthesis import PROJECT


def _set_up(venv: Path, *, without_ensurepip: Path) -> subprocess.CompletedProcess[str]:
    """As on Debian, whose Python has ensurepip in a package of its own."""
    without_ensurepip.mkdir(exist_ok=True)
    (without_ensurepip / "ensurepip.py").write_text("raise ImportError")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(without_ensurepip)}
    return subprocess.run(
        [PROJECT / "scripts" / "setup"],
        env={**environment, "PYTHON": sys.executable, "VENV": str(venv)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_python_that_cannot_make_environments_is_told_what_to_install(tmp_path: Path) -> None:
    done = _set_up(tmp_path / "venv", without_ensurepip=tmp_path / "python")
    assert done.returncode == 1
    assert done.stderr == (
        "setup: this Python has no venv module: install python3-venv (Debian, Ubuntu) or another Python\n"
    )
    assert not (tmp_path / "venv").exists()


def test_the_broken_environment_of_an_earlier_run_is_removed_and_told_likewise(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    (venv / "pyvenv.cfg").touch()
    done = _set_up(venv, without_ensurepip=tmp_path / "python")
    assert done.returncode == 1
    assert "install python3-venv" in done.stderr
    assert not venv.exists()
