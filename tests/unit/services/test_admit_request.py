"""Who may ask with a key, and what holds while the registry cannot be reached."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from lambdaloop.domain.api_key import PresentedKey, new_key
from lambdaloop.domain.errors import BackendUnavailableError
from lambdaloop.services.admit_request import REMEMBERED, Doorkeeper
from tests.fakes.api_keys import FakeBuckets, InMemoryApiKeys, sample_key
from tests.fakes.samples import MODEL, MORNING


@dataclass
class House:
    """A doorkeeper of one process, and the registry that all of them ask."""

    keys: InMemoryApiKeys = field(default_factory=InMemoryApiKeys)
    buckets: FakeBuckets = field(default_factory=FakeBuckets)

    def __post_init__(self) -> None:
        self.doorkeeper = Doorkeeper(model=MODEL, keys=self.keys, buckets=self.buckets)

    def give(self, **changes: object) -> PresentedKey:
        secret, record = sample_key(**changes)  # type: ignore[arg-type]
        self.keys.create_key(record)
        return secret

    def fail(self) -> None:
        self.keys.down = self.buckets.down = True


@pytest.fixture
def house() -> House:
    return House()


def at(seconds: float) -> datetime:
    return MORNING + timedelta(seconds=seconds)


def test_a_client_is_known_by_its_key(house: House) -> None:
    key = house.give(client="acme")
    admission = house.doorkeeper.admit(key.text, now=at(1))
    assert admission is not None
    assert (admission.client, admission.key, admission.retry_after) == ("acme", key.id, None)


def test_nobody_else_is_let_in(house: House) -> None:
    key = house.give()
    foreign = house.give(models=("price",))
    expired = house.give(expires_after=timedelta(seconds=1))
    revoked = house.give()
    house.keys.revoke_key(MODEL, revoked.id, actor="ada", at=at(1))
    guessed = PresentedKey(id=key.id, secret=new_key().secret)
    for other in (foreign, expired, revoked, guessed, new_key()):
        assert house.doorkeeper.admit(other.text, now=at(2)) is None
    assert house.doorkeeper.admit("no key at all", now=at(2)) is None


def test_a_new_and_an_old_key_of_a_client_open_side_by_side(house: House) -> None:
    for key in (house.give(client="acme"), house.give(client="acme")):
        admission = house.doorkeeper.admit(key.text, now=at(1))
        assert admission is not None
        assert admission.client == "acme"


def test_a_client_that_asks_too_often_is_told_to_wait(house: House) -> None:
    key = house.give(rate=0.5, burst=2)
    waits = [house.doorkeeper.admit(key.text, now=at(0)) for _ in range(3)]
    assert [each and each.retry_after for each in waits] == [None, None, 2]


def test_who_is_refused_takes_nothing_from_the_clients_bucket(house: House) -> None:
    key = house.give(rate=0.5, burst=1)
    assert house.doorkeeper.admit(PresentedKey(id=key.id, secret=new_key().secret).text, now=at(0)) is None
    admission = house.doorkeeper.admit(key.text, now=at(0))
    assert admission is not None
    assert admission.retry_after is None


def test_without_the_registry_known_clients_go_on_within_their_limit_for_an_hour(house: House) -> None:
    key = house.give(rate=0.5, burst=3)
    assert house.doorkeeper.admit(key.text, now=at(0))
    house.fail()
    waits = [house.doorkeeper.admit(key.text, now=at(0)) for _ in range(3)]
    assert [each and each.retry_after for each in waits] == [None, None, 2]
    with pytest.raises(BackendUnavailableError):
        house.doorkeeper.admit(key.text, now=at(0) + REMEMBERED)


def test_without_buckets_a_known_client_is_counted_by_this_process(house: House) -> None:
    key = house.give(rate=0.5, burst=1)
    house.buckets.down = True
    waits = [house.doorkeeper.admit(key.text, now=at(0)) for _ in range(2)]
    assert [each and each.retry_after for each in waits] == [None, 2]


def test_without_the_registry_an_unknown_key_opens_nothing(house: House) -> None:
    known, unknown = house.give(), house.give()
    assert house.doorkeeper.admit(known.text, now=at(0))
    house.fail()
    with pytest.raises(BackendUnavailableError):
        house.doorkeeper.admit(unknown.text, now=at(1))
    guessed = PresentedKey(id=known.id, secret=unknown.secret)
    assert house.doorkeeper.admit(guessed.text, now=at(1)) is None


def test_what_expires_or_was_revoked_before_is_not_forgotten_meanwhile(house: House) -> None:
    expiring, revoked = house.give(expires_after=timedelta(minutes=1)), house.give()
    for key in (expiring, revoked):
        assert house.doorkeeper.admit(key.text, now=at(0))
    house.keys.revoke_key(MODEL, revoked.id, actor="ada", at=at(1))
    assert house.doorkeeper.admit(revoked.text, now=at(1)) is None
    house.fail()
    assert house.doorkeeper.admit(expiring.text, now=at(61)) is None
    with pytest.raises(BackendUnavailableError):
        house.doorkeeper.admit(revoked.text, now=at(2))
