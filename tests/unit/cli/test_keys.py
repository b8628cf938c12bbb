"""What the command line makes of a wish for a key, and what it tells of keys."""

import json

import pytest

from lambdaloop.domain.api_key import is_key_of
from lambdaloop.domain.throttle import Throttle
from scripts.cli.keys import KeyInvalidError, as_document, make_key
from tests.fakes.api_keys import InMemoryApiKeys
from tests.fakes.clock import FakeClock
from tests.fakes.samples import MODEL

LIMIT = Throttle(rate=5, burst=10)


def test_a_new_key_is_kept_and_told_without_what_it_could_be_tried_against() -> None:
    keys, clock = InMemoryApiKeys(), FakeClock()
    secret, record = make_key(
        "acme", models=(MODEL,), throttle=LIMIT, expires=None, by="ada", keys=keys, clock=clock
    )
    kept = keys.key(MODEL, secret.id)
    assert kept == record
    assert is_key_of(secret, kept)
    told = as_document(record, clock.now())
    assert (told["id"], told["client"], told["status"], told["throttle"]) == (
        secret.id,
        "acme",
        "active",
        {"rate": 5, "burst": 10},
    )
    text = json.dumps(told)
    assert secret.secret not in text
    assert record.secret_sha256 not in text


def test_a_key_that_would_have_ended_already_is_not_made() -> None:
    keys, clock = InMemoryApiKeys(), FakeClock()
    with pytest.raises(KeyInvalidError, match="expires must be in the future"):
        make_key(
            "acme",
            models=(MODEL,),
            throttle=LIMIT,
            expires=clock.now(),
            by="ada",
            keys=keys,
            clock=clock,
        )
    assert keys.keys(MODEL) == []
