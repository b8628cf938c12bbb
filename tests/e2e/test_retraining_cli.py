"""A person asks the governor of the deployed stack, and reads afterwards why it did what it did."""

import json
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from lambdaloop.domain.run import Run
from tests.e2e.conftest import Site
from tests.typed import lambdaloop, read, run

pytestmark = pytest.mark.localcloud


def test_a_person_retrains_nobody_else_does_meanwhile_and_everything_tells_why(released_site: Site) -> None:
    model = released_site.definition.name
    at_work = released_site.registry.start_run(
        Run(
            id=f"{model}-at-work",
            model=model,
            reason="a test keeps it running",
            requested_by="tests",
            started_at=datetime.fromtimestamp(released_site.cloud.now(), UTC),
        )
    )
    refused = lambdaloop("retrain", model, "--reason", "prices have changed", status=1)
    assert f"not retrained because training {at_work.id} has been running" in " ".join(refused.split())
    released_site.registry.finish_run(
        model=model, run=at_work.id, status="failed", outcome={}, at=at_work.started_at
    )

    decision = read("retrain", model, "--reason", "prices have changed")
    assert decision["retrain"]
    assert decision["reason"].endswith("asked: prices have changed")

    training = read("runs", "show", model, decision["run"])
    assert training["status"] in (
        "registered",
        "rejected",
    )  # by how good the champion is that earlier tests left
    assert training["reason"] == decision["reason"]
    assert decision["id"] in {each["id"] for each in read("decisions", "list", model)}
    shown = read("decisions", "show", model, decision["id"])
    assert (shown["run"], shown["cause"]) == (decision["run"], "person")
    assert "single_flight" in lambdaloop("decisions", "show", model, decision["id"])
    assert "prices have changed" in lambdaloop("decisions", "list", model)

    client: Any = boto3.client("stepfunctions")
    ended = json.loads(client.describe_execution(executionArn=decision["execution"])["output"])
    assert ("release" in ended) == (training["status"] == "registered")
    if "release" in ended:
        assert released_site.finish_release(ended["release"]["execution"]).succeeded


def test_what_was_never_decided_or_watched_is_told_in_one_line(released_site: Site) -> None:
    model = released_site.definition.name
    for arguments in (("decisions", "show", model, "nothing"), ("windows", "show", model, "2001-01-01")):
        process = run(*arguments)
        assert process.returncode == 1
        assert f"lambdaloop {arguments[0]} list {model}" in process.stderr
        assert "Traceback" not in process.stderr
    assert isinstance(read("windows", "list", model), list)
