"""docs/cli.md: every command with its arguments and options, written from the command line itself.

`python -m scripts.documents.cli_reference` writes it; tests/unit/cli/test_cli_reference.py fails when it is out of date.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from scripts.cli.main import app

PATH = Path(__file__).resolve().parents[2] / "docs" / "cli.md"
_HEAD = """# Command line

Written from the commands themselves by `python -m scripts.documents.cli_reference`; each says the same with `--help`.

* `lambdaloop --install-completion` completes commands, options, names of models (out of `models/`) and, where the cloud answers, numbers of versions and releases.
* Results go to standard output, what happens meanwhile to standard error. What reads takes `--json`.
* `--stage NAME` before the command, or `LAMBDALOOP_STAGE`, says which stage it is about ([stages](ci.md#stages)).
* All commands talk to AWS, or to the local cloud when `AWS_ENDPOINT_URL` says so.

| exit status | means |
|---|---|
| 0 | done |
| 1 | refused, failed, or not there; the last line says what to type next |
| 2 | the command line was not understood |
| 3 | AWS could not be asked: credentials, rights, region or network; `lambdaloop doctor` looks into it |
| 130 | interrupted; a workflow that was followed goes on |
"""


def text() -> str:
    """The whole document."""
    return _HEAD + "".join(_command(path, command) for path, command in commands())


def commands() -> Iterator[tuple[str, Any]]:
    """Every command by what is typed for it, groups left out."""
    yield from _below("lambdaloop", typer.main.get_command(app))


def _below(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    for name, each in command.commands.items():
        if hasattr(each, "commands"):
            yield from _below(f"{path} {name}", each)
        else:
            yield f"{path} {name}", each


def _command(path: str, command: Any) -> str:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option" and each.name != "help"]
    usage = " ".join([path, *map(_argument, arguments), *(["[OPTIONS]"] if options else [])])
    rows = [
        *(f"| `{each.name.upper()}` | {_told(each)} |" for each in arguments),
        *(f"| {_names(each)} | {_told(each)} |" for each in options),
    ]
    table = ["| | |", "|---|---|", *rows] if rows else []
    return "\n".join(
        ["", f"## {path}", "", f"    {usage}", "", " ".join((command.help or "").split()), "", *table, ""]
    )


def _argument(argument: Any) -> str:
    name = argument.name.upper() + ("…" if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _names(option: Any) -> str:
    return ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))


def _told(parameter: Any) -> str:
    default = parameter.default
    shown = ""
    if default not in (None, False, (), []) and not callable(default):
        value = "yes" if default is True else f"`{getattr(default, 'value', default)}`"
        shown = f" Default: {value}."
    required = " Required." if parameter.required and parameter.param_type_name == "option" else ""
    return " ".join((parameter.help or "").split()).replace("|", "\\|") + required + shown


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
    sys.stderr.write(f"wrote {PATH}\n")
