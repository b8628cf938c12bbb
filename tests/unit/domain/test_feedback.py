import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdaloop.domain.candidate import Candidate
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.feedback import MAX_CLOCK_SKEW, LabelRules, check_prediction_id, read_observed_at
from lambdaloop.domain.prediction_id import new_prediction_id
from tests.fakes.tiny_model import DEFINITION

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
RIDGE = (Candidate(name="linear", estimator="ridge"),)


def classified(*classes: Any) -> LabelRules:
    task: Any = "binary" if len(classes) == 2 else "multiclass"
    metric = "accuracy"
    training = replace(DEFINITION.training, metric=metric)
    return LabelRules(replace(DEFINITION, task=task, classes=classes, training=training))


def regression() -> ModelDefinition:
    training = replace(DEFINITION.training, metric="rmse", candidates=RIDGE)
    return replace(DEFINITION, task="regression", classes=(), training=training)


@pytest.mark.parametrize(
    ("classes", "wrong"),
    [
        (("no", "yes"), [True, 1, None, "Yes", "", ["yes"], {"yes": 1}, math.nan]),
        ((0, 1), ["1", True, False, 1.0, 2, 10**400, None]),
        ((False, True), [0, 1, "true", None]),
        (("1", 2, True), [1, "2", "True", False]),
    ],
)
def test_a_class_is_taken_in_its_own_type_only(classes: tuple[Any, ...], wrong: list[Any]) -> None:
    rules = classified(*classes)
    for label in classes:
        taken = rules.actual(label)
        assert (type(taken), taken) == (type(label), label)
    for value in wrong:
        with pytest.raises(ValueError, match="must be one of"):
            rules.actual(value)


def test_of_many_classes_the_first_ten_are_told() -> None:
    with pytest.raises(ValueError, match="'c9' or one of 2 more, got 'x'"):
        classified(*(f"c{number}" for number in range(12))).actual("x")


def test_regression_takes_every_finite_number_as_a_float() -> None:
    rules = LabelRules(regression())
    for value in (0, -3, 2.5, 1e308, 10**300):
        assert rules.actual(value) == float(value)
        assert type(rules.actual(value)) is float


@pytest.mark.parametrize("value", [True, "1", None, math.nan, math.inf, 10**400, [1.0], {}])
def test_regression_refuses_what_is_no_finite_number(value: Any) -> None:
    with pytest.raises(ValueError, match="must be a finite number, got"):
        LabelRules(regression()).actual(value)


def test_a_number_too_long_to_be_written_is_refused_in_a_short_sentence() -> None:
    for rules in (LabelRules(regression()), classified(0, 1)):
        with pytest.raises(ValueError, match="got a number of more than 60 digits"):
            rules.actual(10**5000)


def test_an_id_of_ours_is_taken_however_old_it_is_but_not_from_the_future() -> None:
    for at in (NOW, datetime(1990, 1, 1, tzinfo=UTC), NOW + MAX_CLOCK_SKEW):
        check_prediction_id(new_prediction_id(at), now=NOW)
    with pytest.raises(ValueError, match="in the future"):
        check_prediction_id(new_prediction_id(NOW + MAX_CLOCK_SKEW + timedelta(seconds=1)), now=NOW)
    with pytest.raises(ValueError, match="is no prediction id"):
        check_prediction_id("order-7", now=NOW)


@pytest.mark.parametrize(
    "text",
    ["2026-03-02T09:30:00Z", "2026-03-02T10:30:00+01:00", "2026-03-02 15:00+05:30", "20260302T093000Z"],
)
def test_a_time_is_taken_with_any_zone(text: str) -> None:
    at = read_observed_at(text, now=NOW)
    assert (at, at.tzinfo) == (NOW, UTC)


@pytest.mark.parametrize("text", ["2026-03-02T09:30:00", "2026-03-02", "2026-W10-1"])
def test_a_time_without_a_zone_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="with its zone, such as 2026-03-02T09:30:00Z"):
        read_observed_at(text, now=NOW)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "1772443800", "2026-02-30T09:30:00Z", "0001-01-01T00:00:00+23:59", "\ud800"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a time in ISO 8601"):
        read_observed_at(text, now=NOW)


def test_a_clock_may_be_a_little_ahead_and_no_more() -> None:
    assert read_observed_at("2026-03-02T09:34:59Z", now=NOW) > NOW
    for text in ("2026-03-02T09:35:01Z", "9999-12-31T23:59:59-23:59", "2026-03-02T09:35:01+00:00"):
        with pytest.raises(ValueError, match=r"in the future|must be a time"):
            read_observed_at(text, now=NOW)


@given(st.text() | st.datetimes(timezones=st.none() | st.timezones()).map(datetime.isoformat))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    try:
        at = read_observed_at(text, now=NOW)
    except ValueError as error:
        assert str(error)  # noqa: PT017  (either outcome is right)
    else:
        assert at <= NOW + MAX_CLOCK_SKEW
