"""The installed `lambdaloop`, typed as people type it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

COMMAND = Path(sys.executable).with_name("lambdaloop")


def run(*arguments: str, variables: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """To its end, in the present environment and with more variables, on a screen that is wide enough for any line."""
    return subprocess.run(
        [str(COMMAND), *arguments],
        env={**os.environ, "COLUMNS": "250", **(variables or {})},
        capture_output=True,
        text=True,
        check=False,
    )


def lambdaloop(*arguments: str, status: int = 0, variables: Mapping[str, str] | None = None) -> str:
    """All that it printed; it must end with that exit status."""
    ended = run(*arguments, variables=variables)
    assert ended.returncode == status, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def read(*arguments: str) -> Any:
    """What programs read of it."""
    ended = run(*arguments, "--json")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return json.loads(ended.stdout)
