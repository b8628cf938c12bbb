"""What is promised of API keys and of their buckets: in memory and on the table of the local cloud."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from lambdaloop.adapters.dynamo_api_keys import DynamoApiKeys
from lambdaloop.adapters.dynamo_buckets import DynamoBuckets
from lambdaloop.adapters.dynamo_table import DynamoTable
from lambdaloop.domain.errors import ApiKeyNotFoundError, ConflictError
from lambdaloop.domain.throttle import Throttle
from lambdaloop.services.own_buckets import OwnBuckets
from tests.contract.aws import TABLE, Aws
from tests.contract.racing import in_threads
from tests.fakes.api_keys import InMemoryApiKeys, sample_key
from tests.fakes.samples import MODEL, MORNING

Keys = Any  # InMemoryApiKeys or DynamoApiKeys
TEN_A_SECOND = Throttle(rate=10, burst=3)


@pytest.fixture(params=["fake", "dynamo"])
def keys(request: pytest.FixtureRequest) -> Keys:
    if request.param == "fake":
        return InMemoryApiKeys()
    aws: Aws = request.getfixturevalue("aws")
    return DynamoApiKeys(DynamoTable(TABLE, client=aws.dynamodb, sleep=aws.waits.append))


@pytest.fixture(params=["one process", "many processes"])
def takers(request: pytest.FixtureRequest) -> list[Any]:
    """Who takes from the same buckets, one after the other: a fake, or adapters that know nothing of each other."""
    if request.param == "one process":
        return [OwnBuckets()] * 4
    aws: Aws = request.getfixturevalue("aws")
    return [DynamoBuckets(table=TABLE, client=aws.dynamodb) for _ in range(4)]


def at(seconds: float) -> datetime:
    return MORNING + timedelta(seconds=seconds)


def take(bucket: Any, seconds: float, key: str = "k", throttle: Throttle = TEN_A_SECOND) -> int | None:
    waited: int | None = bucket.take(MODEL, key, throttle=throttle, now=at(seconds))
    return waited


def test_a_key_is_found_for_its_models_and_for_no_other(keys: Keys) -> None:
    secret, record = sample_key(models=(MODEL, "price"), expires_after=timedelta(days=1))
    keys.create_key(record)
    assert keys.key(MODEL, secret.id) == keys.key("price", secret.id) == record
    assert keys.key("species", secret.id) is None
    assert keys.key(MODEL, "0" * 16) is None


def test_creating_it_again_changes_nothing_and_another_one_of_its_id_is_refused(keys: Keys) -> None:
    _, record = sample_key()
    keys.create_key(record)
    keys.create_key(sample_key()[1])
    keys.create_key(replace(record))
    assert len(keys.keys(MODEL)) == 2
    with pytest.raises(ConflictError, match=record.id):
        keys.create_key(replace(record, client="somebody-else"))


def test_the_newest_key_of_a_model_is_listed_first(keys: Keys) -> None:
    records = [replace(sample_key()[1], created_at=at(second)) for second in (2, 1, 3)]
    for record in (*records, sample_key(models=("price",))[1]):
        keys.create_key(record)
    assert [each.created_at for each in keys.keys(MODEL)] == [at(3), at(2), at(1)]


def test_a_revoked_key_is_revoked_for_all_of_its_models_and_only_once(keys: Keys) -> None:
    secret, record = sample_key(models=(MODEL, "price"))
    keys.create_key(record)
    ended = keys.revoke_key("price", secret.id, actor="grace", at=at(1))
    assert (ended.revoked_by, ended.revoked_at, ended.status(at(2))) == ("grace", at(1), "revoked")
    assert keys.revoke_key(MODEL, secret.id, actor="somebody", at=at(9)) == ended
    assert keys.key(MODEL, secret.id) == keys.key("price", secret.id) == ended


def test_a_key_that_is_not_there_cannot_be_revoked(keys: Keys) -> None:
    secret, record = sample_key(models=("price",))
    keys.create_key(record)
    with pytest.raises(ApiKeyNotFoundError, match=secret.id):
        keys.revoke_key(MODEL, secret.id, actor="grace", at=at(1))


def test_every_model_of_a_key_has_its_beginning_and_its_end_in_its_audit_trail(aws: Aws) -> None:
    keys = DynamoApiKeys(DynamoTable(TABLE, client=aws.dynamodb))
    secret, record = sample_key(models=(MODEL, "price"))
    keys.create_key(record)
    keys.revoke_key(MODEL, secret.id, actor="grace", at=at(1))
    for model in (MODEL, "price"):
        ended, made = aws.registry.events(model)
        assert (made.kind, made.actor, made.at) == ("key_created", "ada", MORNING)
        assert made.detail == {"key": secret.id, "client": "acme", "rate": 10, "burst": 5}
        assert (ended.kind, ended.actor) == ("key_revoked", "grace")


def test_the_table_knows_nothing_that_a_key_could_be_made_of(aws: Aws) -> None:
    secret, record = sample_key()
    DynamoApiKeys(DynamoTable(TABLE, client=aws.dynamodb)).create_key(record)
    assert secret.secret not in str(aws.dynamodb.scan(TableName=TABLE))


def test_a_burst_is_answered_and_then_as_many_as_the_rate_says(takers: list[Any]) -> None:
    first, second, third, fourth = takers
    assert [take(each, 0) for each in (first, second, third)] == [None, None, None]
    assert take(fourth, 0) == 1
    assert take(first, 0.05) == 1
    assert take(second, 0.1) is None
    assert take(third, 0.1) == 1
    assert [take(each, 60) for each in takers] == [None, None, None, 1]


def test_who_has_to_wait_is_told_how_long(takers: list[Any]) -> None:
    slow = Throttle(rate=0.1, burst=2)
    assert [take(each, 0, throttle=slow) for each in takers] == [None, None, 10, 10]
    assert take(takers[0], 6.5, throttle=slow) == 4
    assert take(takers[1], 10, throttle=slow) is None


def test_a_bucket_is_its_keys_own(takers: list[Any]) -> None:
    for taker in takers:
        take(taker, 0)
    assert take(takers[0], 0) == 1
    assert take(takers[0], 0, key="another") is None


def test_a_clock_that_is_behind_gets_nothing_that_was_given_already(takers: list[Any]) -> None:
    assert [take(each, 1) for each in takers[:3]] == [None, None, None]
    assert take(takers[3], 0.9) == 1


def test_at_the_same_moment_no_more_come_in_than_the_burst(takers: list[Any]) -> None:
    burst = Throttle(rate=1, burst=5)
    actions: list[Callable[[], Any]] = [
        partial(lambda each: take(each, 0, throttle=burst) or 0, taker) for taker in takers * 4
    ]
    assert sorted(in_threads(actions)) == [0] * 5 + [1] * 11


def test_one_process_writes_once_for_each_request_and_not_at_all_in_a_flood(aws: Aws) -> None:
    bucket = DynamoBuckets(table=TABLE, client=aws.dynamodb)
    assert [take(bucket, 0) for _ in range(10)] == [None] * 3 + [1] * 7
    assert aws.wire.calls == ["dynamodb.UpdateItem"] * 3
