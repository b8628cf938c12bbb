"""A person asks the governor of the deployed stack, and reads afterwards why it did what it did."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.e2e.conftest import Site

pytestmark = pytest.mark.localcloud


def start(*arguments: str) -> subprocess.Popen[str]:
    """The installed command in the environment of the local cloud."""
    return subprocess.Popen(
        [str(Path(sys.executable).with_name("lambdaloop")), *arguments],
        env={**os.environ, "COLUMNS": "250"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def lambdaloop(*arguments: str, status: int = 0) -> str:
    """Run it to its end; returns its standard output."""
    out, err = (process := start(*arguments)).communicate()
    assert process.returncode == status, out + err
    return out


def read(*arguments: str) -> Any:
    return json.loads(lambdaloop(*arguments, "--json"))


def test_a_person_retrains_nobody_else_does_meanwhile_and_everything_tells_why(released_site: Site) -> None:
    model = released_site.definition.name
    both = [start("retrain", model, "--reason", "prices have changed", "--json") for _ in range(2)]
    told = [process.communicate() for process in both]
    accepted, refused = sorted(range(2), key=lambda number: both[number].returncode)
    assert [both[accepted].returncode, both[refused].returncode] == [0, 1], told
    decision, _ = json.JSONDecoder().raw_decode(told[accepted][0])
    assert decision["retrain"]
    assert decision["reason"].endswith("asked: prices have changed")
    assert "not retrained because training" in told[refused][0]

    run = read("runs", "show", model, decision["run"])
    assert (run["status"], run["reason"]) == ("registered", decision["reason"])
    assert decision["id"] in {each["id"] for each in read("decisions", "list", model)}
    shown = read("decisions", "show", model, decision["id"])
    assert (shown["run"], shown["cause"]) == (decision["run"], "person")
    assert "single_flight" in lambdaloop("decisions", "show", model, decision["id"])
    assert "prices have changed" in lambdaloop("decisions", "list", model)

    client: Any = boto3.client("stepfunctions")
    ended = client.describe_execution(executionArn=decision["execution"])
    assert released_site.finish_release(json.loads(ended["output"])["release"]["execution"]).succeeded


def test_what_was_never_decided_or_watched_is_told_in_one_line(released_site: Site) -> None:
    model = released_site.definition.name
    for arguments in (("decisions", "show", model, "nothing"), ("windows", "show", model, "2001-01-01")):
        _, told = (process := start(*arguments)).communicate()
        assert process.returncode == 1
        assert f"lambdaloop {arguments[0]} list {model}" in told
        assert "Traceback" not in told
    assert isinstance(read("windows", "list", model), list)
