"""Clients whose key's authorizer noted that they asked too often, and what becomes of their key."""

import copy
import json
from typing import Any

import pytest

from lambdaloop.domain.documents import Document
from lambdaloop.domain.http_answer import PROBLEM_TYPE
from tests.fakes.api_keys import sample_key
from tests.fakes.tiny_model import ROW
from tests.unit.functions.gateway import Gateway, load_event

SECRET, _ = sample_key()


def event_of(path: str, body: Document | None = None, **noted: Any) -> Document:
    """A request of client acme with its key, and what the authorizer noted about it."""
    event = copy.deepcopy(load_event("predict"))
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    event["requestContext"]["http"]["method"] = "GET" if body is None else "POST"
    event["requestContext"]["authorizer"] = {"lambda": {"client": "acme", "key": SECRET.id, **noted}}
    event["headers"] |= {"x-api-key": SECRET.text}
    event["body"] = json.dumps(body or {})
    return event


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/models/churn/predict", {"rows": [ROW]}),
        ("/models/churn/feedback", {"labels": []}),
        ("/models/churn/explain", {"rows": [ROW]}),
        ("/v2/models/churn/infer", {"inputs": []}),
        ("/v2/models/churn", None),
        ("/models/churn/schema", None),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_whatever_a_client_above_its_rate_asks_it_is_told_when_to_try_again(
    path: str, body: Document | None
) -> None:
    gateway = Gateway()
    answer = gateway.send(event_of(path, body, retryAfter=7))
    assert (answer.status, answer.headers["retry-after"]) == (429, "7")
    assert answer.headers["content-type"] == PROBLEM_TYPE
    assert answer.headers["x-request-id"] == answer.body["request_id"]
    assert (answer.body["title"], answer.body["status"]) == ("Too Many Requests", 429)
    assert "client 'acme'" in answer.body["detail"]
    assert gateway.captured == []


def test_what_was_never_asked_of_the_model_is_none_of_its_errors() -> None:
    gateway = Gateway()
    gateway.send(event_of("/models/churn/predict", {"rows": [ROW]}, retryAfter=1))
    assert gateway.measured == []


def test_a_client_within_its_rate_gets_its_predictions() -> None:
    gateway = Gateway()
    assert gateway.send(event_of("/models/churn/predict", {"rows": [ROW]})).status == 200
    assert len(gateway.measured) == 1


def test_a_header_does_not_make_anybody_wait() -> None:
    event = event_of("/models/churn/predict", {"rows": [ROW]})
    del event["requestContext"]["authorizer"]
    event["headers"] |= {"retryafter": "9"}
    assert Gateway().send(event).status == 200


def test_the_key_is_in_no_answer_no_captured_line_and_no_log(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    gateway = Gateway()
    events = [
        event_of("/models/churn/predict", {"rows": [ROW]}),
        event_of("/models/churn/predict", {"rows": ["wrong"]}),
        event_of("/models/churn/predict", {"rows": [ROW]}, retryAfter=1),
        event_of("/models/churn/nothing"),
    ]
    answers = [gateway.invoke(event) for event in events]
    assert gateway.captured
    told = [
        *map(str, answers),
        str(gateway.captured),
        str(gateway.measured),
        caplog.text,
        *capsys.readouterr(),
    ]
    assert not [text for text in told if SECRET.secret in text]
