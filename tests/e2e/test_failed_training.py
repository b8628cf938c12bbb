"""A training that cannot succeed: told why, recorded, told to people and programs, and nothing else changed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from jsonschema import Draft202012Validator

from lambdaloop.domain.run import Run
from scripts.cli.executions import Execution
from scripts.event_schema import SCHEMA
from tests.e2e.conftest import Site, pointed_at
from tests.e2e.mailbox import Mailbox, open_mailbox

pytestmark = pytest.mark.localcloud


@dataclass(frozen=True, kw_only=True)
class Failure:
    """The training, what was there before it, and what was told of it."""

    ended: Execution
    run: Run
    versions: int
    routing: dict[str, Any]
    mailbox: Mailbox


@pytest.fixture(scope="module")
def failure(_released_site: Site) -> Iterator[Failure]:
    site = _released_site
    with pointed_at(site.cloud), open_mailbox() as mailbox:
        versions, routing = len(site.registry.versions(site.definition.name)), site.routing()
        key = f"{site.definition.data.location}later.csv"
        header = site.uploaded.read_text().splitlines()[0]
        row = "C99999,basic,not a number,1.0,2.0,true,perhaps,2026-01-01"
        s3 = boto3.client("s3")
        s3.put_object(Bucket=site.deployment.data_bucket, Key=key, Body=f"{header}\n{row}\n".encode())
        try:
            ended = site.train("data with mistakes")
        finally:
            s3.delete_object(Bucket=site.deployment.data_bucket, Key=key)
        run = site.registry.runs(site.definition.name)[0]
        yield Failure(ended=ended, run=run, versions=versions, routing=routing, mailbox=mailbox)


def test_bad_data_fail_the_run_with_every_problem_and_register_nothing(
    failure: Failure, released_site: Site
) -> None:
    assert not failure.ended.succeeded
    assert failure.run.status == "failed"
    for told in ("DatasetInvalidError", "later.csv", "months", "not a number", "renewed", "perhaps"):
        assert told in str(failure.run.outcome)
    assert len(released_site.registry.versions(released_site.definition.name)) == failure.versions
    assert released_site.routing() == failure.routing


def test_programs_get_an_event_for_every_change_as_it_is_documented(
    failure: Failure, released_site: Site
) -> None:
    mailbox = failure.mailbox
    begun = mailbox.event(lambda each: each["detail-type"] == "Run Started")
    ended = mailbox.event(lambda each: each["detail-type"] == "Run Finished")
    assert begun["detail"]["data"]["run"] == ended["detail"]["data"]["run"] == failure.run.id
    assert ended["detail"]["data"]["status"] == "failed"
    assert ended["detail"]["model"] == released_site.definition.name
    validator = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    for event in mailbox.events:
        validator.validate(event)


def test_people_are_told_what_when_how_bad_and_what_to_type_and_only_once(
    failure: Failure, released_site: Site
) -> None:
    model, mailbox = released_site.definition.name, failure.mailbox
    subject = f"Warning: Training {failure.run.id} of {model} failed"[:100]
    note = mailbox.message(lambda each: each["Subject"] == subject)
    text = note["Message"]
    assert f"About: {model}" in text
    assert "DatasetInvalidError" in text
    assert f"lambdaloop runs show {model} {failure.run.id}" in text
    released_site.cloud.pass_until(released_site.cloud.now() + 600)  # the alarm about it rings
    states: Any = boto3.client("cloudwatch")
    name = f"lambdaloop-{model}-training-failed"
    history = states.describe_alarm_history(AlarmName=name, HistoryItemType="StateUpdate")
    assert any("to ALARM" in each["HistorySummary"] for each in history["AlarmHistoryItems"])
    heard = [each["Subject"] for each in mailbox.messages if "raining" in each["Subject"]]
    assert heard == [subject]


def test_an_alarm_is_told_in_words_too(failure: Failure, released_site: Site) -> None:
    model = released_site.definition.name
    client: Any = boto3.client("cloudwatch")
    client.set_alarm_state(
        AlarmName=f"lambdaloop-{model}-live-throttles", StateValue="ALARM", StateReason="a test asks for it"
    )
    note = failure.mailbox.message(lambda each: "throttled" in each["Subject"])
    assert note["Subject"] == f"Critical: Predictions of {model} are throttled"
    assert "Found: a test asks for it" in note["Message"]
    assert f"alarm/lambdaloop-{model}-live-throttles" in note["Message"]
