"""What every registry promises of leases: the in-memory one and DynamoDB."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from lambdaloop.domain.errors import LeaseHeldError
from tests.contract.racing import in_threads, outcome_of
from tests.fakes.registry import InMemoryRegistry
from tests.fakes.samples import MODEL, MORNING

Registry = Any  # InMemoryRegistry or DynamoRegistry


@pytest.fixture(params=["fake", "dynamo"])
def registry(request: pytest.FixtureRequest) -> Registry:
    return InMemoryRegistry() if request.param == "fake" else request.getfixturevalue("aws").registry


def at(minutes: float) -> datetime:
    return MORNING + timedelta(minutes=minutes)


def acquire(registry: Registry, owner: str, minutes: float) -> Any:
    return registry.acquire(model=MODEL, name="release", owner=owner, at=at(minutes), seconds=60)


def test_one_owner_at_a_time_until_it_is_given_back_or_expires(registry: Registry) -> None:
    lease = acquire(registry, "x", 0)
    assert (lease.owner, lease.token, lease.expires_at) == ("x", 1, at(1))
    with pytest.raises(LeaseHeldError, match="held by 'x'"):
        acquire(registry, "y", 0.9)
    assert acquire(registry, "y", 1).token == 2
    registry.free(model=MODEL, name="release", owner="x")  # no longer its own: nothing happens
    with pytest.raises(LeaseHeldError):
        acquire(registry, "z", 1.1)
    registry.free(model=MODEL, name="release", owner="y")
    assert acquire(registry, "z", 1.2).token == 3


def test_its_owner_prolongs_it_under_the_same_token(registry: Registry) -> None:
    acquire(registry, "x", 0)
    prolonged = acquire(registry, "x", 0.5)
    assert (prolonged.token, prolonged.expires_at) == (1, at(1.5))


def test_giving_back_what_nobody_took_does_nothing(registry: Registry) -> None:
    registry.free(model=MODEL, name="release", owner="x")
    assert acquire(registry, "y", 0).token == 1


def test_of_concurrent_owners_one_wins(registry: Registry) -> None:
    results = in_threads([partial(outcome_of, partial(acquire, registry, owner, 0)) for owner in "abcdef"])
    assert sorted(results) == ["LeaseHeldError"] * 5 + ["done"]
