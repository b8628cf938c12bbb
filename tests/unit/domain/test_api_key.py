"""Keys and buckets: what is a key, what opens with it, and how long one waits."""

from datetime import timedelta

import pytest

from lambdaloop.domain.api_key import is_key_of, new_key, read_key
from lambdaloop.domain.throttle import Throttle
from tests.fakes.api_keys import sample_key
from tests.fakes.samples import MORNING


def test_a_key_is_read_back_from_its_text() -> None:
    key = new_key()
    assert read_key(key.text) == key
    assert len(key.secret) == 43
    assert new_key() != key


@pytest.mark.parametrize("spoil", [str.upper, lambda text: text + "x", lambda text: text[:-1], lambda _: ""])
def test_a_text_that_is_no_key_is_none(spoil: object) -> None:
    assert callable(spoil)
    assert read_key(spoil(new_key().text)) is None


def test_a_key_opens_with_its_own_secret_only() -> None:
    key, record = sample_key()
    other = new_key()
    assert is_key_of(key, record)
    assert not is_key_of(type(key)(id=key.id, secret=other.secret), record)
    assert not is_key_of(key, None)


def test_no_representation_shows_the_secret_or_its_hash() -> None:
    key, record = sample_key()
    assert key.secret not in repr(key)
    assert record.secret_sha256 not in repr(record)


def test_a_key_ends_when_its_time_has_come() -> None:
    _, record = sample_key(expires_after=timedelta(hours=1))
    assert record.status(MORNING + timedelta(minutes=59)) == "active"
    assert record.status(MORNING + timedelta(hours=1)) == "expired"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"client": "two words"}, "client must be 1 to 64 letters"),
        ({"models": ()}, "opens 1 to 20 different models"),
        ({"models": ("a", "a")}, "opens 1 to 20 different models"),
        ({"expires_after": timedelta(0)}, "expires must be in the future"),
    ],
    ids=lambda each: each if isinstance(each, str) else next(iter(each)),
)
def test_a_key_that_nobody_could_use_is_refused(changes: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        sample_key(**changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "limits", [{"rate": 0, "burst": 1}, {"rate": float("nan"), "burst": 1}, {"rate": 1, "burst": 0}], ids=str
)
def test_a_limit_that_lets_nothing_in_is_refused(limits: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        Throttle(**limits)  # type: ignore[arg-type]
