import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.inference.messages import MAX_LABELS
from lambdaloop.domain.candidate import Candidate
from lambdaloop.domain.captured import CapturedLabel, read_line
from lambdaloop.domain.errors import ArtifactCorruptError, ModelNotReleasedError
from lambdaloop.domain.prediction_id import new_prediction_id
from tests.fakes.tiny_model import DEFINITION, ROW
from tests.unit.functions.gateway import Gateway

AT = datetime(2026, 3, 2, 9, 30, 1, 500_000, tzinfo=UTC)
"""When API Gateway got the request of the sample event."""
YESTERDAY = new_prediction_id(AT - timedelta(days=1))
OF_THE_YEAR_10889 = "f" * 12 + "7" + "0" * 3 + "8" + "0" * 15


def label(**changes: Any) -> dict[str, Any]:
    return {"prediction_id": YESTERDAY, "actual": "yes", **changes}


def test_labels_are_written_into_the_prediction_log_one_line_each() -> None:
    gateway = Gateway()
    other = new_prediction_id(AT)
    answer = gateway.feedback(
        label(observed_at="2026-03-02T10:00:00+01:00"), {"prediction_id": other, "actual": "no"}
    )
    assert answer.status == 202
    assert answer.body == {"accepted": 2, "request_id": "JKJaXmPLvHcESHA="}
    assert gateway.captured == [
        {
            "schema": 1,
            "kind": "label",
            "model": "churn",
            "prediction_id": YESTERDAY,
            "actual": "yes",
            "observed_at": "2026-03-02T09:00:00+00:00",
            "received_at": "2026-03-02T09:30:01.500000+00:00",
        },
        {
            "schema": 1,
            "kind": "label",
            "model": "churn",
            "prediction_id": other,
            "actual": "no",
            "observed_at": "2026-03-02T09:30:01.500000+00:00",
            "received_at": "2026-03-02T09:30:01.500000+00:00",
        },
    ]


def test_a_prediction_can_be_labelled_by_the_id_that_came_with_it_and_the_watch_can_read_both() -> None:
    gateway = Gateway()
    [prediction] = gateway.predict(ROW).body["predictions"]
    assert gateway.feedback(label(prediction_id=prediction["prediction_id"])).status == 202
    lines = [read_line(json.dumps(line), model="churn", now=AT) for line in gateway.captured]
    assert {line.prediction_id for line in lines} == {prediction["prediction_id"]}
    assert isinstance(lines[1], CapturedLabel)
    assert lines[1].event_time == AT


@pytest.mark.parametrize("error", [ModelNotReleasedError("not yet"), ArtifactCorruptError("flipped a bit")])
def test_labels_need_no_model(error: Any) -> None:
    gateway = Gateway(error)
    assert gateway.feedback(label()).status == 202
    assert len(gateway.captured) == 1


def test_labels_do_not_count_as_predictions_whether_they_are_taken_or_not() -> None:
    gateway = Gateway()
    gateway.feedback(label())
    gateway.feedback(label(actual="perhaps"))
    gateway.request("POST", "/models/churn/feedback", raw=b"{")
    gateway.request("POST", "/models/other/feedback", {"labels": [label()]})
    assert gateway.measured == []
    gateway.predict(ROW)
    assert len(gateway.measured) == 1


def test_every_problem_of_every_label_is_named_and_nothing_is_written() -> None:
    gateway = Gateway()
    answer = gateway.feedback(
        label(),
        label(prediction_id="order-7", actual=1),
        label(prediction_id=new_prediction_id(AT + timedelta(hours=1))),
        label(observed_at="2026-03-02T09:30:00"),
        label(observed_at="2999-01-01T00:00:00Z"),
        label(prediction_id=OF_THE_YEAR_10889),
    )
    assert answer.status == 422
    assert answer.body["error"] == "labels do not fit the model: 6 problems"
    assert [(one["row"], one["field"]) for one in answer.body["details"]] == [
        (1, "prediction_id"),
        (1, "actual"),
        (2, "prediction_id"),
        (3, "observed_at"),
        (4, "observed_at"),
        (5, "prediction_id"),
    ]
    assert answer.body["details"][1]["problem"] == "must be one of 'no', 'yes', got 1"
    assert gateway.captured == []


@pytest.mark.parametrize(
    ("labels", "row", "field"),
    [
        ([], None, "labels"),
        ([label()] * (MAX_LABELS + 1), None, "labels"),
        ([label(), {"prediction_id": YESTERDAY}], 1, "actual"),
        ([label(comment="hm")], 0, "comment"),
        ([label(prediction_id=7)], 0, "prediction_id"),
        ([label(observed_at=1772443800)], 0, "observed_at"),
        (["yes"], 0, None),
        ({"a": "yes"}, None, "labels"),
    ],
)
def test_the_form_is_strict(labels: Any, row: int | None, field: str | None) -> None:
    gateway = Gateway()
    answer = gateway.request("POST", "/models/churn/feedback", {"labels": labels})
    assert answer.status == 422
    assert [(one["row"], one["field"]) for one in answer.body["details"]] == [(row, field)]
    assert gateway.captured == []


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"actual": "yes", "reward": 2.5}, {"actual": "yes", "reward": 2.5}),
        ({"reward": 3}, {"reward": 3.0}),
        ({"actual": None, "reward": -1e300}, {"reward": -1e300}),
        ({"actual": "no", "reward": None}, {"actual": "no"}),
        ({"reward": 0}, {"reward": 0.0}),
    ],
)
def test_a_label_says_what_was_true_what_it_was_worth_or_both(
    sent: dict[str, Any], kept: dict[str, Any]
) -> None:
    gateway = Gateway()
    assert gateway.feedback({"prediction_id": YESTERDAY, **sent}).status == 202
    [line] = gateway.captured
    assert {name: line[name] for name in ("actual", "reward") if name in line} == kept
    found = read_line(json.dumps(line), model="churn", now=AT)
    assert isinstance(found, CapturedLabel)
    assert (found.actual, found.reward) == (kept.get("actual"), kept.get("reward"))


@pytest.mark.parametrize(
    ("sent", "field", "problem"),
    [
        ({}, "actual", "is missing: give actual, reward or both"),
        ({"actual": None, "reward": None}, "actual", "is missing"),
        ({"reward": "5"}, "reward", "must be a finite number, got '5'"),
        ({"reward": True}, "reward", "must be a finite number, got True"),
        ({"reward": 10**400}, "reward", "must be a finite number"),
        ({"actual": "perhaps", "reward": 1}, "actual", "must be one of"),
    ],
)
def test_a_reward_is_a_finite_number(sent: dict[str, Any], field: str, problem: str) -> None:
    gateway = Gateway()
    answer = gateway.feedback({"prediction_id": YESTERDAY, **sent})
    assert answer.status == 422
    [told] = answer.body["details"]
    assert (told["row"], told["field"]) == (0, field)
    assert problem in told["problem"]
    assert gateway.captured == []


def test_as_many_labels_as_are_allowed_are_taken_at_once() -> None:
    assert Gateway().feedback(*[label()] * MAX_LABELS).body["accepted"] == MAX_LABELS


def test_a_regression_takes_numbers() -> None:
    ridge = (Candidate(name="linear", estimator="ridge"),)
    training = replace(DEFINITION.training, metric="rmse", candidates=ridge)
    gateway = Gateway(definition=replace(DEFINITION, task="regression", classes=(), training=training))
    assert gateway.feedback(label(actual=12)).status == 202
    assert gateway.captured[0]["actual"] == 12.0
    raw = json.dumps({"labels": [label(actual=float("nan"))]}).encode()
    assert gateway.request("POST", "/models/churn/feedback", raw=raw).status == 422


def test_another_model_is_not_found_here() -> None:
    answer = Gateway().request("POST", "/models/other/feedback", {"labels": [label()]})
    assert (answer.status, answer.body["details"]) == (404, [])
    assert Gateway().request("GET", "/models/churn/feedback").status == 405


def test_a_body_that_is_no_json_is_refused_as_everywhere() -> None:
    gateway = Gateway()
    assert gateway.request("POST", "/models/churn/feedback", raw=b"labels=1").status == 400
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert gateway.request("POST", "/models/churn/feedback", raw=b"{}", headers=form).status == 415
