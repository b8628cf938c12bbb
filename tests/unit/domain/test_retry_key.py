from datetime import UTC, datetime, timedelta

import pytest

from lambdaloop.domain.prediction_id import new_prediction_id, time_of
from lambdaloop.domain.retry_key import RetryKey, read_retry_key

NOW = datetime(2026, 3, 2, 9, 30, 1, 500_000, tzinfo=UTC)
KEY = new_prediction_id(NOW)


def _key(text: str = KEY) -> RetryKey:
    return read_retry_key(text, now=NOW)


def test_the_same_row_of_the_same_request_has_one_id() -> None:
    first = _key().prediction_id({"a": 1, "b": None}, place=0, entity="x")
    assert first == _key(KEY.upper()).prediction_id({"b": None, "a": 1}, place=0, entity="x")
    assert time_of(first) == NOW


def test_everything_else_has_another_id() -> None:
    other = new_prediction_id(NOW)
    ids = {
        _key().prediction_id({"a": 1}, place=0, entity="x"),
        _key(other).prediction_id({"a": 1}, place=0, entity="x"),
        _key().prediction_id({"a": 2}, place=0, entity="x"),
        _key().prediction_id({"a": 1}, place=1, entity="x"),
        _key().prediction_id({"a": 1}, place=0, entity=None),
    }
    assert len(ids) == 5


@pytest.mark.parametrize("age", [timedelta(hours=24), timedelta(minutes=-5)])
def test_a_key_serves_for_a_day_and_a_clock_may_be_ahead(age: timedelta) -> None:
    assert _key(new_prediction_id(NOW - age)).time == NOW - age


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("order-7", "must be a UUID of version 7"),
        ("", "must be a UUID of version 7"),
        ("0195a5c3-f000-4000-a000-000000000001", "must be a UUID of version 7"),
        (f"{KEY}0", "must be a UUID of version 7"),
        (new_prediction_id(NOW - timedelta(hours=24, milliseconds=1)), "not within the last 24 hours"),
        (new_prediction_id(NOW + timedelta(minutes=6)), "not within the last 24 hours"),
    ],
    ids=["text", "empty", "version 4", "longer", "old", "of the future"],
)
def test_a_key_that_cannot_keep_the_promise_is_refused(text: str, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        _key(text)
