"""Runs the real `cdk` command of this environment, and says what it is doing."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lambdaloop.domain.errors import LambdaloopError

PROJECT = Path(__file__).resolve().parents[2]
_BINARIES = Path(sys.executable).parent

Tell = Callable[[str], None]
"""Takes a line of what a command says."""


class CommandFailedError(LambdaloopError):
    """A command ended with an error; the end of its output is in the message."""


def _nobody(line: str) -> None:
    """Nobody listens."""


def cdk(*arguments: str, environment: Mapping[str, str], tell: Tell = _nobody) -> str:
    """Run `cdk` of this environment; see `run_and_tell`."""
    return run_and_tell([str(_BINARIES / "cdk"), *arguments], environment=environment, tell=tell)


def run_and_tell(command: Sequence[str], *, environment: Mapping[str, str], tell: Tell = _nobody) -> str:
    """Run a command in the project; `tell` gets each line of output as it comes. Returns the whole output.

    Raises CommandFailedError with the last lines of output when it fails.
    """
    lines: list[str] = []
    with subprocess.Popen(
        command,
        cwd=PROJECT,
        env={
            **os.environ,
            **environment,
            "PATH": f"{_BINARIES}{os.pathsep}{os.environ.get('PATH', '')}",
            "JSII_NODE": str(_BINARIES / "node"),
            "CI": "true",  # plain lines instead of a redrawn screen
            "CDK_DISABLE_CLI_TELEMETRY": "true",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        for line in process.stdout or ():
            lines.append(line)
            tell(line.rstrip())
    if process.returncode:
        raise CommandFailedError(f"{' '.join(command)} failed:\n{''.join(lines[-40:])}")
    return "".join(lines)


def deploy_arguments(*, models: Path, output: Path) -> tuple[str, ...]:
    """Arguments of a deployment to the local cloud: layers hold packages for the machine at hand."""
    context = ("--context", f"models={models.resolve()}", "--context", "target=host")
    return (
        "deploy",
        "--all",
        "--require-approval",
        "never",
        "--no-notices",
        "--output",
        str(output),
        *context,
    )


def bootstrap_arguments(*, models: Path, output: Path) -> tuple[str, ...]:
    """Arguments of `cdk bootstrap`, for the local cloud's account."""
    context = ("--context", f"models={models.resolve()}", "--context", "target=host")
    return ("bootstrap", "aws://123456789012/us-east-1", "--no-notices", "--output", str(output), *context)
