"""How soon a command starts: `lambdaloop rollback` is waited for while requests fail."""

import json
import subprocess
import sys

SLOW = {"numpy", "pandas", "pydantic", "scipy", "sklearn"}
"""What only some commands need; each takes longer to load than a command takes to run."""


def test_the_command_line_loads_nothing_that_most_commands_do_not_need() -> None:
    program = "import json, sys, scripts.cli.main; print(json.dumps([name for name in sys.modules]))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert SLOW & set(json.loads(loaded.stdout)) == set()
