"""What README.md and docs/ tell people to type exists: commands, options, scripts and modules; and some test types each of it."""

import importlib.util
import itertools
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from scripts.cli.main import app
from scripts.cli.pipeline_files import FILES, pipeline
from tests.unit.cli.typed_in_tests import typed_in_tests

PROJECT = Path(__file__).resolve().parents[3]
DOCUMENTS = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_INDENTED = re.compile(r"^ {4}(\S.*)$", re.MULTILINE)
_INLINE = re.compile(r"`([^`\n]+)`")
_NUMBERS = {"N", "NUMBER", "VERSION", "RELEASE", "number"}
_STARTS = (
    "lambdaloop ",
    "./scripts/",
    "scripts/",
    "python -m ",
    ".venv/bin/lambdaloop ",
    ".venv/bin/python -m ",
)


@dataclass(frozen=True)
class Told:
    """A line that somebody is told to type. whole: in a block, so that it must run as it stands."""

    document: str
    line: str
    whole: bool


def told() -> list[Told]:
    return [each for path in DOCUMENTS for each in _told_by(path)]


def _told_by(path: Path) -> Iterator[Told]:
    text = path.read_text(encoding="utf-8")
    blocks = [content for _, content in _FENCE.findall(text)]
    prose = _FENCE.sub("", text)
    in_blocks = itertools.chain.from_iterable(block.splitlines() for block in blocks)
    # The reference's usage lines are written from the commands.
    indented = [] if path.name == "cli.md" else _INDENTED.findall(prose)
    for line in itertools.chain(in_blocks, indented):
        for part in re.split(r"&&|;(?= )|\|(?= )", line):
            if part.strip().startswith(_STARTS):
                yield Told(path.name, part.strip(), whole=True)
    for code in _INLINE.findall(_INDENTED.sub("", prose)):
        if code.startswith(_STARTS):
            for each in _alternatives(code.replace("\\|", "|")):
                yield Told(path.name, each, whole=False)


def _alternatives(code: str) -> Iterator[str]:
    """`versions list|show MODEL` is two commands."""
    choices = [
        word.split("|") if re.fullmatch(r"[a-z]+(\|[a-z]+)+", word) else [word] for word in code.split()
    ]
    yield from (" ".join(words) for words in itertools.product(*choices))


def problem_of(each: Told) -> str | None:
    """Why the line cannot be typed; None when it can."""
    words = shlex.split(each.line.replace("[", "").replace("]", ""), comments=True)
    if "-m" in words[:2]:
        return None if importlib.util.find_spec(words[2]) else f"there is no module {words[2]}"
    script = words[0].removeprefix("./").removeprefix(".venv/bin/")
    if script.startswith("scripts/"):
        if not (PROJECT / script).exists():
            return f"there is no {script}"
        if script != "scripts/demo":
            return None
        words = ["lambdaloop", "demo", *words[1:]]
    return _parsed(words[1:], whole=each.whole and "…" not in each.line and "..." not in each.line)


def _parsed(words: list[str], *, whole: bool) -> str | None:
    command: Any = typer.main.get_command(app)
    context: Any = command.make_context("lambdaloop", [], resilient_parsing=True)
    path = ["lambdaloop"]
    while words and words[0] == "--stage":
        words = words[2:]
    while hasattr(command, "commands"):
        if not words or words[0] in ("…", "--help", "--install-completion"):
            return None
        if words[0] not in command.commands:
            return f"there is no command {' '.join([*path, words[0]])}"
        path.append(words[0])
        command, words = command.commands[words[0]], words[1:]
    if not whole:
        known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)} | {"--help"}
        odd = [word for word in words if word.startswith("--") and word.split("=")[0] not in known]
        return f"{' '.join(path)} has no {odd[0]}" if odd else None
    arguments = ["1" if word in _NUMBERS else word for word in words]
    for word in arguments:
        if re.fullmatch(r"[\w./-]+\.(csv|json|yaml|txt|md)", word):
            Path(word).parent.mkdir(parents=True, exist_ok=True)
            Path(word).touch()  # options that take a file that exists
    try:
        command.make_context(" ".join(path), arguments, parent=context)
    except Exception as error:  # noqa: BLE001  (whatever the parser has against it is what the test tells)
        return f"{type(error).__name__}: {getattr(error, 'message', error)}"
    return None


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("elsewhere")
def test_every_command_in_the_documents_can_be_typed() -> None:
    lines = told()
    assert len([each for each in lines if each.whole]) > 15
    problems = [f"{each.document}: {each.line}: {problem}" for each in lines if (problem := problem_of(each))]
    assert problems == []


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize(
    ("line", "told_problem"),
    [
        ("lambdaloop vresions list MODEL", "there is no command lambdaloop vresions"),
        ("lambdaloop versions list MODEL --jsn", "No such option"),
        ("lambdaloop versions show MODEL", "Missing"),
        ("./scripts/demo --looop", "No such option"),
        ("scripts/nothing", "there is no scripts/nothing"),
        ("python -m scripts.nothing", "there is no module scripts.nothing"),
    ],
)
def test_a_command_that_does_not_exist_is_noticed(line: str, told_problem: str) -> None:
    assert told_problem.lower() in (problem_of(Told("x", line, whole=True)) or "").lower()


def test_the_commands_in_pipelines_can_be_typed() -> None:
    for kind in FILES:
        for line in re.findall(r"lambdaloop ci [^|>\n]+", pipeline(kind, ["dev", "prod"], "main")):
            assert problem_of(Told(kind, line, whole=False)) is None


def test_the_tour_begins_as_the_readme_says(elsewhere: Path) -> None:
    rows = "".join(f"c{n},{n * 7 % 11},{'Yes' if n % 3 else 'No'}\n" for n in range(60))
    (elsewhere / "churn.csv").write_text(f"customerID,tenure,Churn\n{rows}")
    [line] = {each.line for each in told() if each.line.startswith("lambdaloop init churn.csv")}
    done = CliRunner().invoke(app, shlex.split(line, comments=True)[1:])
    assert done.exit_code == 0, done.output
    assert (elsewhere / "models" / "churn.yaml").is_file()


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        yield from commands(command, (*path, name)) if hasattr(command, "commands") else [(*path, name)]


ALL_COMMANDS = frozenset(commands(typer.main.get_command(app)))


def command_of(words: list[str]) -> tuple[str, ...] | None:
    return next((path for n in (2, 1) if (path := tuple(words[:n])) in ALL_COMMANDS), None)


def options_of(words: list[str]) -> set[str]:
    return {word.partition("=")[0] for word in words if word.startswith("--")}


def test_every_command_and_every_option_that_the_documents_show_is_typed_by_a_test() -> None:
    typed: dict[tuple[str, ...], set[str]] = {}
    for words in typed_in_tests():
        if command := command_of(words):
            typed.setdefault(command, set()).update(options_of(words))
    assert sorted(ALL_COMMANDS - typed.keys()) == []

    shown = [shlex.split(each.line, comments=True) for each in told() if each.whole]
    shown = [["demo", *words[1:]] if words[0] == "./scripts/demo" else words[1:] for words in shown]
    for words in shown:
        if command := command_of(words):
            assert options_of(words) <= typed[command], " ".join(words)
