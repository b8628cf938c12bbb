"""Reading the log back, whatever lies in it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdaloop.domain.captured import (
    MAX_LINE,
    CapturedLabel,
    CapturedPrediction,
    LineUnreadableError,
    read_label_row,
    read_line,
)
from lambdaloop.domain.prediction_id import new_prediction_id
from tests.fakes.samples import MODEL, MORNING
from tests.fakes.watched_model import Row, WatchedModel

NOW = MORNING
AT = MORNING - timedelta(hours=1)
ID = new_prediction_id(AT)
PREDICTION = WatchedModel(released=False).predict([Row(age=41.5, plan="a", score=0.25, actual="no")], at=AT)[
    0
]
LINE: dict[str, Any] = json.loads(PREDICTION.line)
LABEL: dict[str, Any] = {
    "schema": 1,
    "kind": "label",
    "model": MODEL,
    "prediction_id": ID,
    "actual": "yes",
    "observed_at": AT.isoformat(),
    "received_at": AT.isoformat(),
}


def read(record: object) -> CapturedPrediction | CapturedLabel:
    return read_line(json.dumps(record).encode(), model=MODEL, now=NOW)


def reason(record: object) -> str:
    with pytest.raises(LineUnreadableError) as caught:
        read(record)
    return caught.value.reason


def test_what_the_inference_function_writes_is_read_back() -> None:
    found = read_line(PREDICTION.line, model=MODEL, now=NOW)
    assert isinstance(found, CapturedPrediction)
    assert (found.prediction_id, found.event_time) == (PREDICTION.prediction_id, AT)
    assert (found.release, found.version, found.variant, found.prediction) == (1, 1, "champion", "no")
    assert found.features == {"age": 41.5, "plan": "a"}
    assert found.probabilities == {"no": 0.75, "yes": 0.25}


def test_a_label_leads_to_the_time_of_its_prediction() -> None:
    found = read(LABEL)
    assert isinstance(found, CapturedLabel)
    assert (found.actual, found.event_time, found.observed_at) == ("yes", AT, AT)


def test_a_line_of_an_experiment_says_how_its_arm_was_chosen() -> None:
    found = read({**LINE, "experiment": "checkout", "assignment": "entity", "entity": "ab", "variant": "b"})
    assert isinstance(found, CapturedPrediction)
    assert (found.experiment, found.assignment, found.variant, found.request) == (
        "checkout",
        "entity",
        "b",
        None,
    )
    found = read({**LINE, "experiment": "checkout", "assignment": "request", "request": "r-1"})
    assert isinstance(found, CapturedPrediction)
    assert (found.assignment, found.request) == ("request", "r-1")


@pytest.mark.parametrize(("request_id", "read_as"), [("r-1", "r-1"), (None, None), (7, None), ("", None)])
def test_a_line_says_with_which_others_it_was_made_and_is_worth_reading_if_not(
    request_id: object, read_as: str | None
) -> None:
    found = read({**LINE, "request": request_id})
    assert isinstance(found, CapturedPrediction)
    assert (found.request, found.experiment) == (read_as, None)


def test_lines_from_before_there_were_experiments_are_read() -> None:
    found = read({name: value for name, value in LINE.items() if name != "experiment"})
    assert isinstance(found, CapturedPrediction)
    assert (found.experiment, found.assignment) == (None, None)


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"experiment": 7}, "experiment must be"),
        ({"experiment": "x"}, "assignment must be one of entity, request, outside, got None"),
        ({"experiment": "x", "assignment": "chance"}, "assignment must be one of"),
        ({"experiment": "x", "assignment": ["entity"]}, "assignment must be one of"),
        ({"experiment": "x", "assignment": "entity", "entity": None}, "entity is missing"),
        ({"experiment": "x", "assignment": "request"}, "request must be"),
    ],
)
def test_a_line_that_would_blur_an_experiment_is_refused(change: dict[str, Any], wanted: str) -> None:
    assert wanted in reason({**LINE, **change})


def test_a_label_may_carry_a_reward_with_or_without_the_truth() -> None:
    both, alone = read({**LABEL, "reward": 2}), read({**LABEL, "actual": None, "reward": -0.5})
    assert isinstance(both, CapturedLabel)
    assert isinstance(alone, CapturedLabel)
    assert (both.actual, both.reward) == ("yes", 2.0)
    assert (alone.actual, alone.reward) == (None, -0.5)


@pytest.mark.parametrize("reward", ["1", True, [1], 10**400])
def test_a_reward_that_is_no_finite_number_is_refused(reward: Any) -> None:
    assert "reward must be a finite number" in reason({**LABEL, "reward": reward})


def test_a_label_that_says_nothing_is_refused() -> None:
    assert "actual must be" in reason({**LABEL, "actual": None})


def test_fields_of_newer_writers_are_ignored() -> None:
    assert read({**LINE, "explanation": [1, 2]}) == read(LINE)


def test_an_id_without_a_time_is_older_than_such_ids() -> None:
    found = read({**LINE, "prediction_id": "f" * 32})
    assert isinstance(found, CapturedPrediction)
    assert found.event_time == AT


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"schema": 2}, "schema must be 1"),
        ({"schema": True}, "schema must be 1"),
        ({"schema": None}, "schema must be 1"),
        ({"kind": "order"}, "kind must be"),
        ({"model": "price"}, "model must be 'churn'"),
        ({"prediction_id": "order-7"}, "32 hexadecimal"),
        ({"prediction_id": 7}, "prediction_id must be"),
        ({"release": "1"}, "release must be"),
        ({"release": 0}, "release must be"),
        ({"model_version": 1.5}, "model_version must be"),
        ({"variant": ["a"]}, "variant must be"),
        ({"entity": 4}, "entity must be"),
        ({"features": [1]}, "features must be"),
        ({"features": {"age": [1]}}, "feature 'age'"),
        ({"prediction": None}, "prediction must be"),
        ({"probabilities": {"yes": 1.5}}, "probability of 'yes'"),
        ({"probabilities": {"yes": "1"}}, "probability of 'yes'"),
        ({"probabilities": 0.5}, "probabilities must be"),
        ({"event_time": "yesterday"}, "event_time must be a time"),
        ({"event_time": 5}, "event_time must be a time"),
        ({"event_time": "2026-03-02T08:00:00"}, "event_time has no time zone"),
        ({"event_time": "2026-03-02T07:00:00+00:00"}, "not the time that prediction_id carries"),
    ],
)
def test_what_is_odd_about_a_prediction_is_named(change: dict[str, Any], wanted: str) -> None:
    assert wanted in reason({**LINE, **change})


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"actual": None}, "actual must be"),
        ({"actual": {"a": 1}}, "actual must be"),
        ({"actual": "x" * 1001}, "actual must be"),
        ({"prediction_id": "f" * 32}, "carries no time"),
        ({"observed_at": "2026-03-02 08:00"}, "observed_at has no time zone"),
        ({"received_at": None}, "received_at must be a time"),
        ({"prediction_id": new_prediction_id(NOW + timedelta(hours=1))}, "prediction_id lies in the future"),
    ],
)
def test_what_is_odd_about_a_label_is_named(change: dict[str, Any], wanted: str) -> None:
    assert wanted in reason({**LABEL, **change})


@pytest.mark.parametrize("name", ["observed_at", "received_at"])
def test_clocks_may_differ_by_minutes_but_nothing_comes_from_the_future(name: str) -> None:
    read({**LABEL, name: (NOW + timedelta(minutes=4)).isoformat()})
    late = (NOW + timedelta(minutes=6)).isoformat()
    assert f"{name} lies in the future" in reason({**LABEL, name: late})


def test_times_are_utc_whatever_zone_they_were_written_in() -> None:
    # An hour that daylight saving time repeats: the offset tells which of the two it is.
    found = read({**LABEL, "observed_at": "2025-10-26T02:30:00+01:00"})
    assert isinstance(found, CapturedLabel)
    assert found.observed_at == datetime(2025, 10, 26, 1, 30, tzinfo=UTC)
    assert found.observed_at.tzinfo is UTC


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe{}",
        b'{"schema": NaN}',
        b"[" * 100_000,
        b'{"a": ' + b"9" * 10_000 + b"}",
        PREDICTION.line[:40],
        PREDICTION.line.replace(b"41.5", b"1e999"),
        PREDICTION.line.replace(b"0.25", b"Infinity"),
        b"x" * 10_000_000,
        b'{"pad": "' + b"x" * MAX_LINE + b'"}',
    ],
    ids=range(14),
)
def test_poison_is_refused_and_nothing_else_happens(line: bytes) -> None:
    with pytest.raises(LineUnreadableError):
        read_line(line, model=MODEL, now=NOW)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(["prediction", "label"]), st.data())
def test_a_line_is_read_or_refused_with_a_short_reason_whatever_its_fields_hold(
    kind: str, data: st.DataObject
) -> None:
    record = dict(LINE if kind == "prediction" else LABEL)
    for name in data.draw(st.sets(st.sampled_from(sorted(record)))):
        record[name] = data.draw(VALUES)
    reasons = []
    try:
        read(record)
    except LineUnreadableError as error:
        reasons.append(error.reason)
    assert all(0 < len(each) < 400 for each in reasons)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(line: bytes) -> None:
    with pytest.raises(LineUnreadableError):
        read_line(line, model=MODEL, now=NOW)


def test_a_row_of_a_file_says_when_it_was_observed_or_is_observed_now() -> None:
    dated = {"prediction_id": ID, "actual": "yes", "observed_at": "2026-03-02T08:30:00+00:00"}
    found = read_label_row(dated, model=MODEL, now=NOW)
    assert (found.observed_at, found.received_at) == (AT + timedelta(minutes=30), NOW)
    assert read_label_row({"prediction_id": ID, "actual": "yes"}, model=MODEL, now=NOW).observed_at == NOW
    with pytest.raises(LineUnreadableError, match="actual is missing"):
        read_label_row({"prediction_id": ID, "actual": " "}, model=MODEL, now=NOW)


def test_features_that_were_too_long_for_the_log_are_not_missing_values() -> None:
    found = read({**LINE, "features": {}, "features_dropped": True})
    assert isinstance(found, CapturedPrediction)
    assert found.features_dropped
