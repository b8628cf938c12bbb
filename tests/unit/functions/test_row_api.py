import io
import json
from typing import Any

import pytest

from lambdaloop.adapters.stdout_prediction_log import StdoutPredictionLog
from lambdaloop.domain.errors import (
    ArtifactCorruptError,
    ArtifactMissingError,
    BackendUnavailableError,
    LambdaloopError,
    ModelNotReleasedError,
)
from lambdaloop.serving.served_model import LoadedBundle
from tests.fakes.clock import FakeClock
from tests.fakes.tiny_model import ROW, regressor
from tests.unit.functions.gateway import Gateway, load_event


def test_an_event_of_api_gateway_is_answered_captured_and_counted() -> None:
    gateway = Gateway()
    answer = gateway.send(load_event("predict"))
    [prediction] = answer.body["predictions"]
    [line] = gateway.captured
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.body["request_id"] == "JKJaXmPLvHcESHA="
    assert prediction == {
        "prediction_id": line["prediction_id"],
        "value": "yes",
        "probabilities": line["probabilities"],
        "variant": "champion",
        "model_version": 7,
    }
    assert line["event_time"] == "2026-03-02T09:30:01.500000+00:00"
    [figures] = gateway.measured
    assert (figures["release"], figures["predictions"], figures["status"]) == (3, 1, 200)
    assert 0 < figures["seconds"] < 10


def test_a_body_in_base64_is_the_same_body() -> None:
    gateway = Gateway()
    plain = gateway.send(load_event("predict")).body["predictions"][0]
    encoded = gateway.send(load_event("predict_base64")).body["predictions"][0]
    assert encoded["probabilities"] == plain["probabilities"]


def test_a_prediction_is_answered_while_the_log_is_broken() -> None:
    closed = io.StringIO()
    closed.close()
    log = StdoutPredictionLog(model="churn", clock=FakeClock(), stream=closed)
    gateway = Gateway(log=log)
    assert gateway.predict(ROW).status == 200
    assert gateway.measured[0]["predictions"] == 1


def test_predictions_come_in_the_order_of_the_rows() -> None:
    answer = Gateway().predict(ROW, {**ROW, "visits": 1000}, ROW)
    assert [one["value"] for one in answer.body["predictions"]] == ["yes", "no", "yes"]


def test_a_regression_has_no_probabilities() -> None:
    gateway = Gateway(LoadedBundle.from_bytes(regressor("churn")))
    [prediction] = gateway.predict(ROW).body["predictions"]
    assert prediction["probabilities"] is None
    assert prediction["value"] == pytest.approx(3.2)


def test_golden_rows_of_the_release_workflow_are_nobodys_predictions() -> None:
    gateway = Gateway()
    event = load_event("predict")
    event["requestContext"]["apiId"] = "verification"
    assert gateway.send(event).status == 200
    assert gateway.captured == []
    assert gateway.measured == []


def test_callers_cannot_pose_as_the_release_workflow() -> None:
    gateway = Gateway()
    headers = {"content-type": "application/json", "user-agent": "lambdaloop-verify", "apiId": "verification"}
    body = json.dumps({"rows": [ROW]}).encode()
    assert gateway.request("POST", "/models/churn/predict", raw=body, headers=headers).status == 200
    assert len(gateway.captured) == 1


@pytest.mark.parametrize(
    ("change", "field", "word"),
    [
        ({"visits": "3"}, "visits", "number"),
        ({"visits": 3.5}, "visits", "whole"),
        ({"visits": True}, "visits", "number"),
        ({"visits": None}, "visits", "missing"),
        ({"visits": 5000}, "visits", "must be 0 to 1000"),
        ({"age": float("nan")}, "age", "finite"),
        ({"age": float("inf")}, "age", "finite"),
        ({"age": 10**400}, "age", "1.8e308"),
        ({"age": [40]}, "age", "number"),
        ({"active": "yes"}, "active", "true or false"),
        ({"plan": 7}, "plan", "text"),
        ({"surprise": 1}, "surprise", "not a field"),
        ({"customer": ["a"]}, "customer", "text or a whole number"),
        ({"customer": "a" * 257}, "customer", "at most 256"),
        ({"plan": "a" * 10_001}, "plan", "at most 10000"),
    ],
)
def test_a_bad_row_is_422_with_row_field_and_problem(change: dict[str, Any], field: str, word: str) -> None:
    gateway = Gateway()
    answer = gateway.predict(ROW, {**ROW, **change})
    assert answer.status == 422
    assert [(one["row"], one["field"]) for one in answer.body["details"]] == [(1, field)]
    assert word in answer.body["details"][0]["problem"]
    assert gateway.captured == []
    assert gateway.measured[0]["status"] == 422
    assert gateway.measured[0]["predictions"] == 0


def test_every_problem_of_every_row_is_told_at_once() -> None:
    answer = Gateway().predict({"age": "x"}, ROW, {**ROW, "visits": -1})
    places = [(one["row"], one["field"]) for one in answer.body["details"]]
    assert places == [(0, "age"), (0, "visits"), (0, "active"), (2, "visits")]
    assert answer.body["error"] == "rows do not fit the model: 4 problems"


def test_of_many_problems_the_first_hundred_are_listed() -> None:
    answer = Gateway().predict(*[{}] * 400)
    assert len(answer.body["details"]) == 100
    assert answer.body["error"] == "rows do not fit the model: 800 problems; the first 100 are listed"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, (None, "rows")),
        ({"rows": []}, (None, "rows")),
        ({"rows": {}}, (None, "rows")),
        ({"rows": [ROW, 3]}, (1, None)),
        ({"rows": [ROW], "entity_id": 7}, (None, "entity_id")),
        ({"rows": [ROW], "entity_id": "x" * 257}, (None, "entity_id")),
        ({"rows": [ROW], "row": 1}, (None, "row")),
        ([], (None, None)),
        ("rows", (None, None)),
        (None, (None, None)),
    ],
)
def test_a_body_of_another_shape_is_422(body: object, place: tuple[int | None, str | None]) -> None:
    answer = Gateway().request("POST", "/models/churn/predict", raw=json.dumps(body).encode())
    assert answer.status == 422
    [problem] = answer.body["details"]
    assert (problem["row"], problem["field"]) == place


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"rows",
        b'{"rows": [{"age": 1e}]}',
        b"\xff\xfe{}",
        b'{"a": "\\ud800"}',
        b"[" * 100_000,
        b"1" * 10_000,
    ],
)
def test_malformed_json_is_400(content: bytes) -> None:
    answer = Gateway().request("POST", "/models/churn/predict", raw=content)
    assert answer.status == 400
    assert answer.body["error"].startswith("the body is not JSON: ")
    assert answer.body["details"] == []


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("APPLICATION/JSON", 200),
        ("application/vnd.api+json", 200),
        (None, 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/octet-stream", 415),
    ],
)
def test_only_json_is_read(content_type: str | None, status: int) -> None:
    headers = {"content-type": content_type} if content_type else {}
    body = json.dumps({"rows": [ROW]}).encode()
    answer = Gateway().request("POST", "/models/churn/predict", raw=body, headers=headers)
    assert answer.status == status


def test_a_body_beyond_the_limit_is_413() -> None:
    answer = Gateway().request("POST", "/models/churn/predict", raw=b" " * (4 * 1024 * 1024 + 1))
    assert answer.status == 413
    assert "4194304" in answer.body["error"]


def test_more_rows_than_an_answer_can_hold_are_413() -> None:
    gateway = Gateway()
    assert gateway.predict(*[ROW] * 5000).status == 200
    answer = gateway.predict(*[ROW] * 5001)
    assert answer.status == 413
    assert "at most 5000" in answer.body["error"]


def test_beyond_ten_thousand_problems_nothing_is_looked_for() -> None:
    """Five thousand empty rows are 15 KB, and of a wide model would be millions of problems."""
    answer = Gateway().predict(*[{"visits": "?", "age": "?"}] * 5000)
    assert (
        answer.body["error"] == "rows do not fit the model: 10000 problems or more; the first 100 are listed"
    )


def test_an_unknown_model_is_404_even_when_none_is_released() -> None:
    for gateway in (Gateway(), Gateway(ModelNotReleasedError("not yet"))):
        answer = gateway.request("POST", "/models/fraud/predict", {"rows": [ROW]})
        assert answer.status == 404
        assert answer.body["error"] == "unknown model 'fraud': this is 'churn'"


@pytest.mark.parametrize(
    "path", ["/", "/models", "/models/churn", "/models/churn/predict/", "/models/a%2Fb/predict"]
)
def test_an_unknown_path_is_404(path: str) -> None:
    answer = Gateway().request("POST", path, {"rows": [ROW]})
    assert answer.status == 404
    assert answer.body["details"] == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
def test_another_method_is_405_with_the_allowed_one(method: str) -> None:
    answer = Gateway().request(method, "/models/churn/predict")
    assert answer.status == 405
    assert answer.headers["allow"] == "POST"
    assert answer.body["error"] == f"/models/churn/predict: {method} is not allowed here"


def test_without_a_release_the_answer_is_503_and_when_to_come_back() -> None:
    gateway = Gateway(ModelNotReleasedError("model 'churn' is not released yet"))
    gateway.slot.release = None
    answer = gateway.predict(ROW)
    assert answer.status == 503
    assert answer.body["error"] == "model 'churn' is not released yet"
    assert int(answer.headers["retry-after"]) > 0
    assert gateway.measured[0]["status"] == 503
    assert gateway.measured[0]["release"] is None


@pytest.mark.parametrize("kind", [ArtifactCorruptError, ArtifactMissingError, BackendUnavailableError])
def test_a_model_that_cannot_be_loaded_is_503_and_says_why_only_in_the_log(
    kind: type[LambdaloopError], caplog: pytest.LogCaptureFixture
) -> None:
    gateway = Gateway(kind("s3://models-1/secret has sha256 0"))
    answer = gateway.predict(ROW)
    assert answer.status == 503
    assert "s3://" not in json.dumps(answer.body)
    assert f"{kind.__name__}: s3://models-1/secret" in caplog.text
    assert gateway.measured[0]["release"] == 3


def test_a_bug_of_ours_is_a_plain_500_counted_and_explained_in_the_log_only(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Buggy:
        def __init__(self) -> None:
            self.signature = LoadedBundle.from_bytes(regressor()).signature

        def predict(self, rows: object) -> list[Any]:
            raise ZeroDivisionError(f"cannot divide by {rows}") from KeyError(str(rows))

        def exact_shares(self, *_: Any, **__: Any) -> None:
            """It knows nothing."""

    gateway = Gateway(Buggy())
    answer = gateway.predict({**ROW, "plan": "secret"})
    assert answer.status == 500
    assert (answer.body["title"], answer.body["error"]) == ("Internal Server Error", "internal error")
    assert gateway.measured[0]["status"] == 500
    assert "ZeroDivisionError" in caplog.text
    assert "test_row_api.py" in caplog.text
    assert "secret" not in caplog.text
