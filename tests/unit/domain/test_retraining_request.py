"""What the governor can be asked with, and how events are told apart."""

from typing import Any

import pytest

from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import RetrainingRequestInvalidError
from lambdaloop.domain.retraining_request import RetrainingRequest, read_request
from tests.fakes.governed_model import alarm, person, upload
from tests.fakes.samples import MODEL, MORNING


def read(event: Document) -> RetrainingRequest:
    return read_request(event, model=MODEL, now=MORNING)


@pytest.mark.parametrize(
    ("event", "cause", "identity", "who", "reason"),
    [
        (
            {"cause": "watch", "at": "2026-03-02T09:00:00Z", "execution": "x"},
            "watch",
            "watch-20260302T090000.000000Z",
            "governor",
            "the watch has looked",
        ),
        (
            {"cause": "schedule", "at": "2026-03-02T10:00:00+01:00"},
            "schedule",
            "schedule-20260302T090000.000000Z",
            "governor",
            "the schedule asks",
        ),
        (
            alarm("e-9", at="2026-03-02T09:00:00Z"),
            "alarm",
            "alarm-e-9",
            "governor",
            "alarm lambdaloop-churn-drift began",
        ),
        (person("r.1"), "person", "person-r.1", "ml-team", "new campaign"),
    ],
)
def test_each_kind_of_event_is_read(
    event: Document, cause: str, identity: str, who: str, reason: str
) -> None:
    request = read(event)
    assert (request.cause, request.id, request.requested_by, request.reason) == (cause, identity, who, reason)
    assert request.at == MORNING


def test_one_upload_is_one_event_however_often_s3_tells_of_it() -> None:
    first = read(upload(at=MORNING, identity="e-1"))
    assert read(upload(at=MORNING, identity="e-2")).id == first.id
    assert read(upload(at=MORNING, version="v2")).id != first.id
    assert read(upload("churn/other.csv", at=MORNING)).id != first.id
    assert first.reason == "churn/new.csv was uploaded"


def test_a_bucket_without_versions_tells_uploads_apart_by_their_content() -> None:
    def unversioned(etag: str) -> Document:
        event = upload(at=MORNING)
        del event["detail"]["object"]["version-id"]
        event["detail"]["object"]["etag"] = etag
        return event

    assert read(unversioned("a")).id == read(unversioned("a")).id != read(unversioned("b")).id


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ({}, "got one with nothing"),
        ({"cause": "mood"}, "takes a document with cause watch, schedule or person"),
        ({"Records": []}, "got one with 'Records'"),
        ({"cause": "watch"}, "at of the event must be a text, got None"),
        ({"cause": "watch", "at": "yesterday"}, "must be a time such as"),
        ({"cause": "watch", "at": "2026-03-02T09:00:00"}, "must name its time zone"),
        (
            {"cause": "watch", "at": "2026-03-02T09:00:00Z", "model": "other"},
            "is that of model 'churn', not of 'other'",
        ),
        (person("r-1", requested_by=""), "requested_by of the event must be a text"),
        (person("a b"), "id must be 1 to 100 letters"),
        (person("x" * 101), "id must be 1 to 100 letters"),
        (person(reason="x" * 1001), "at most 1000 characters, got 1001"),
        (alarm(state="OK"), "'lambdaloop-churn-drift' changed to OK"),
        (alarm(state="INSUFFICIENT_DATA"), "send only changes to ALARM"),
        ({**alarm(), "detail": {"alarmName": "x"}}, "detail.state.value of the event must be a text"),
        ({**upload(at=MORNING), "detail": []}, "detail.object.key of the event must be a text"),
    ],
)
def test_anything_else_is_refused_with_what_is_wrong(event: dict[str, Any], told: str) -> None:
    with pytest.raises(RetrainingRequestInvalidError, match=told.replace("(", r"\(")):
        read(event)
