"""What a shell is told when somebody presses the tab key."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from lambdaloop.domain.errors import LeaseHeldError, VersionNotFoundError
from scripts.cli.failures import next_step, status_of

PROGRAM = "from scripts.cli.main import app; app(prog_name='lambdaloop')"


def completed(line: str, folder: Path) -> list[str]:
    """What bash is offered for the last word of a line."""
    words = line.split(" ")
    environment = {
        **os.environ,
        "_LAMBDALOOP_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",  # nothing listens there
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    for name in ("churn", "credit", "price"):
        (tmp_path / "models" / f"{name}.yaml").touch()
    return tmp_path


def test_commands_and_names_of_models_are_completed(folder: Path) -> None:
    assert completed("lambdaloop ver", folder) == ["versions"]
    assert completed("lambdaloop train c", folder) == ["churn", "credit"]


def test_a_cloud_that_does_not_answer_is_no_error_at_the_tab_key(folder: Path) -> None:
    assert completed("lambdaloop versions show churn ", folder) == []


def test_a_failure_names_the_next_command_unless_it_does_so_itself() -> None:
    gone = VersionNotFoundError("churn has no version 9")
    assert next_step(gone, model="churn", local=False) == "lambdaloop versions list churn"
    assert next_step(gone, model=None, local=False) == "lambdaloop versions list MODEL"
    assert next_step(VersionNotFoundError("run `lambdaloop train churn`"), model=None, local=False) is None
    assert next_step(LeaseHeldError("held"), model=None, local=False) is None
    nobody = EndpointConnectionError(endpoint_url="http://127.0.0.1:9")
    assert next_step(nobody, model=None, local=True) == "lambdaloop local up"
    assert next_step(nobody, model=None, local=False) == "lambdaloop doctor"


def test_exit_statuses_tell_what_is_not_there_from_what_could_not_be_asked() -> None:
    assert status_of(VersionNotFoundError("gone")) == 1
    assert status_of(NoCredentialsError()) == 3
    for code, status in (("AccessDenied", 3), ("ExpiredToken", 3), ("ValidationError", 1)):
        assert status_of(ClientError({"Error": {"Code": code, "Message": ""}}, "Operation")) == status
