"""What commands tell people to type is about the stage that they asked for, and about no other deployment."""

import ast
import re
from collections.abc import Iterator

import pytest
from botocore.exceptions import NoCredentialsError

from lambdaloop.domain.errors import ReleaseNotFoundError
from lambdaloop.domain.stage import Stage
from scripts.cli.cdk import PROJECT
from scripts.cli.failures import next_step
from scripts.cli.main import main
from scripts.cli.rollback import unrecorded_story
from scripts.cli.stacks import STAGE
from tests.unit.cli.test_rollback import returned

_NO_STAGE = ("init", "local", "demo")
"""Commands that are about files or about the local cloud."""
_COMMAND = re.compile(
    rf"\blambdaloop (?!{'|'.join(_NO_STAGE)})[a-z]|\bcdk (deploy|synth|bootstrap|destroy)\b"
)
_OF_THE_LOCAL_CLOUD = ("demo*.py", "cdk.py")


@pytest.fixture
def dev(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STAGE, "dev")


def told_by(source: str) -> Iterator[str]:
    """Texts of a module that are no docstrings."""
    tree = ast.parse(source)
    documents = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
            yield node.value


def test_no_hint_of_the_command_line_forgets_the_stage() -> None:
    forgot = [
        f"{path.name}: {text}"
        for path in sorted((PROJECT / "scripts/cli").glob("*.py"))
        if not any(path.match(each) for each in _OF_THE_LOCAL_CLOUD)
        for text in told_by(path.read_text(encoding="utf-8"))
        if _COMMAND.search(text)
    ]
    assert not forgot, "use stack_names().command(…) or .cdk(…)"


def test_the_next_step_after_a_failure_is_one_of_the_stage() -> None:
    gone = ReleaseNotFoundError("churn has no release 9")
    assert next_step(gone, model="churn", local=False, names=Stage("dev")) == (
        "lambdaloop --stage dev releases list churn"
    )
    assert next_step(NoCredentialsError(), model=None, local=False, names=Stage("dev")) == (
        "lambdaloop --stage dev doctor"
    )


@pytest.mark.usefixtures("dev")
def test_what_writes_the_missing_records_of_a_rollback_moves_no_traffic_of_another_stage() -> None:
    told = unrecorded_story("churn", returned(unrecorded="no answer"))
    assert "`lambdaloop --stage dev rollback churn --to 2`" in told


@pytest.mark.usefixtures("dev")
def test_commands_in_messages_of_the_library_get_the_stage(capsys: pytest.CaptureFixture[str]) -> None:
    def fails() -> None:
        raise ReleaseNotFoundError("no release 9: see `lambdaloop releases list churn`")

    with pytest.raises(SystemExit):
        main(fails)
    assert "`lambdaloop --stage dev releases list churn`" in capsys.readouterr().err
