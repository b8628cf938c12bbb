import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdaloop.domain.capture import is_captured, label_line, without_features
from lambdaloop.domain.feedback import ReceivedLabel
from lambdaloop.domain.prediction_id import new_prediction_id

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def test_a_rate_of_one_takes_every_prediction() -> None:
    assert all(is_captured(new_prediction_id(AT), 1.0) for _ in range(1000))
    assert is_captured("f" * 32, 1.0)


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.5, 0.9])
def test_a_rate_takes_its_share(rate: float) -> None:
    count = 20_000
    taken = sum(is_captured(new_prediction_id(AT), rate) for _ in range(count))
    assert abs(taken - rate * count) < 5 * (count * rate * (1 - rate)) ** 0.5


@given(st.floats(0.001, 1), st.floats(0.001, 1))
def test_who_is_in_a_smaller_sample_is_in_every_larger_one(one: float, other: float) -> None:
    small, large = sorted((one, other))
    identity = new_prediction_id(AT)
    assert is_captured(identity, small) <= is_captured(identity, large)


def test_the_sample_does_not_depend_on_when_a_prediction_was_made() -> None:
    later = new_prediction_id(AT.replace(year=2030))
    same_random_bits = new_prediction_id(AT)[:12] + later[12:]
    for rate in (0.2, 0.5, 0.8):
        assert is_captured(later, rate) == is_captured(same_random_bits, rate)


def test_a_label_is_a_line_of_its_own_kind() -> None:
    label = ReceivedLabel(prediction_id="p", actual=True, observed_at=AT)
    line = label_line(label, model="churn", received_at=AT.replace(hour=10))
    assert json.loads(json.dumps(line)) == {
        "schema": 1,
        "kind": "label",
        "model": "churn",
        "prediction_id": "p",
        "actual": True,
        "observed_at": "2026-03-02T09:30:00+00:00",
        "received_at": "2026-03-02T10:30:00+00:00",
    }


def test_a_line_that_is_too_long_keeps_everything_but_its_features() -> None:
    line = {"schema": 1, "kind": "prediction", "features": {"plan": "x"}, "prediction": "yes"}
    assert without_features(line) == {**line, "features": {}, "features_dropped": True}
    assert line["features"] == {"plan": "x"}
