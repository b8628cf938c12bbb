"""Runs the real `cdk` command of this environment, and says what it is doing."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lambdaloop.domain.errors import LambdaloopError

PROJECT = Path(__file__).resolve().parents[2]
_BINARIES = Path(sys.executable).parent
_CDK = str(_BINARIES / "cdk")
_LAZY_BUFFERS = Path(__file__).with_name("lazy_buffers.cjs")

Tell = Callable[[str], None]
"""Takes a line of what a command says."""


class CommandFailedError(LambdaloopError):
    """A command ended with an error; the end of its output is in the message."""


def _nobody(line: str) -> None:
    """Nobody listens."""


def context() -> dict[str, Any]:
    """What cdk.json says."""
    found: dict[str, Any] = json.loads((PROJECT / "cdk.json").read_text(encoding="utf-8"))["context"]
    return found


def bootstrap(*, environment: Mapping[str, str], tell: Tell = _nobody) -> str:
    """Run `cdk bootstrap` for the local cloud's account; it needs no app, so none is synthesized."""
    arguments = ("bootstrap", "aws://123456789012/us-east-1", "--no-notices")
    with tempfile.TemporaryDirectory() as nowhere:
        return run_and_tell([_CDK, *arguments], environment=environment, tell=tell, folder=Path(nowhere))


def deploy(*, models: Path, output: Path, environment: Mapping[str, str], tell: Tell = _nobody) -> str:
    """Run `cdk deploy --all` for the local cloud: layers hold packages for the machine at hand."""
    context = ("--context", f"models={models.resolve()}", "--context", "target=host")
    arguments = ("deploy", "--all", "--require-approval", "never", "--no-notices", "--output", str(output))
    return run_and_tell([_CDK, *arguments, *context], environment=environment, tell=tell)


def run_and_tell(
    command: Sequence[str], *, environment: Mapping[str, str], tell: Tell = _nobody, folder: Path = PROJECT
) -> str:
    """Run a command in a folder; `tell` gets each line of output as it comes. Returns the whole output.

    Raises CommandFailedError with the last lines of output when it fails.
    """
    lines: list[str] = []
    with (
        subprocess.Popen(
            command,
            cwd=folder,
            env={
                **os.environ,
                **environment,
                "PATH": f"{_BINARIES}{os.pathsep}{os.environ.get('PATH', '')}",
                "VENV": str(_BINARIES.parent),  # cdk.json runs the app in this environment
                "NODE_OPTIONS": _with_lazy_buffers({**os.environ, **environment}.get("NODE_OPTIONS", "")),
                "CI": "true",  # plain lines instead of a redrawn screen
                "CDK_DISABLE_CLI_TELEMETRY": "true",
                "CDK_VALIDATION": "false",  # scripts/check validates the templates; a deployment need not wait for it
                "PYTHONDONTWRITEBYTECODE": "",  # the CDK library takes seconds to import without its bytecode
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process
    ):
        for line in process.stdout or ():
            lines.append(line)
            tell(line.rstrip())
    if process.returncode:
        raise CommandFailedError(f"{' '.join(command)} failed:\n{''.join(lines[-40:])}")
    return "".join(lines)


def _with_lazy_buffers(options: str) -> str:
    """Node's options and one more: a deployment spends seconds on a log of uploaded bytes that nobody reads."""
    quoted = json.dumps(str(_LAZY_BUFFERS), ensure_ascii=False)  # as Node wants it where there are spaces
    return f"{options} --require {quoted}".lstrip()
