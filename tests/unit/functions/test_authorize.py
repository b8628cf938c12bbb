"""What API Gateway is told about a request with a key."""

from datetime import timedelta
from typing import Any

import pytest

from functions.authorize.handler import handle
from lambdaloop.domain.documents import Document
from lambdaloop.services.admit_request import Doorkeeper
from tests.fakes.api_keys import FakeBuckets, InMemoryApiKeys, sample_key
from tests.fakes.app import FakeApp
from tests.fakes.samples import MODEL, MORNING


@pytest.fixture
def keys() -> InMemoryApiKeys:
    return InMemoryApiKeys()


@pytest.fixture
def app(keys: InMemoryApiKeys) -> FakeApp:
    return FakeApp(doorkeeper=Doorkeeper(model=MODEL, keys=keys, buckets=FakeBuckets()))


def question(key: str, seconds: float = 0) -> Document:
    at = MORNING + timedelta(seconds=seconds)
    context: dict[str, Any] = {"timeEpoch": int(at.timestamp() * 1000)}
    return {"type": "REQUEST", "identitySource": [key], "requestContext": context}


def test_a_known_client_is_named_and_a_stranger_is_refused(app: FakeApp, keys: InMemoryApiKeys) -> None:
    secret, record = sample_key(client="acme")
    keys.create_key(record)
    answer = handle(question(secret.text), app)
    assert answer == {"isAuthorized": True, "context": {"client": "acme", "key": secret.id}}
    assert handle(question("nothing"), app) == {"isAuthorized": False}


def test_a_client_above_its_rate_is_let_in_with_a_note(app: FakeApp, keys: InMemoryApiKeys) -> None:
    secret, record = sample_key(client="acme", rate=0.1, burst=1)
    keys.create_key(record)
    handle(question(secret.text), app)
    context = handle(question(secret.text, seconds=3), app)["context"]
    assert context == {"client": "acme", "key": secret.id, "retryAfter": 7}
    assert "retryAfter" not in handle(question(secret.text, seconds=10), app)["context"]


def test_nothing_is_printed_about_anybody(
    app: FakeApp, keys: InMemoryApiKeys, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    secret, record = sample_key()
    keys.create_key(record)
    handle(question(secret.text), app)
    handle(question(secret.text + "x"), app)
    assert (capsys.readouterr(), caplog.records) == (("", ""), [])
