import json
from typing import Any

import pytest

from functions.answer_unrouted.handler import handle
from lambdaloop.settings import Settings
from tests.fakes.app import FakeApp
from tests.unit.functions.gateway import load_event


def _ask(path: str, method: str = "GET", models: str | None = "churn,electricity") -> tuple[int, Any]:
    event = load_event("unrouted")
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    event["requestContext"]["http"]["method"] = method
    response = handle(event, FakeApp(settings=Settings(api_models=models)))
    kind = "application/json" if response["statusCode"] == 200 else "application/problem+json"
    assert response["headers"]["content-type"] == kind
    assert response["headers"]["x-content-type-options"] == "nosniff"
    return response["statusCode"], json.loads(response["body"])


def test_an_unknown_model_is_404_and_told_which_are_deployed() -> None:
    app = FakeApp(settings=Settings(api_models="churn,electricity"))
    response = handle(load_event("unrouted"), app)
    assert response["statusCode"] == 404
    assert json.loads(response["body"]) == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "unknown model 'fraud': deployed are churn, electricity",
        "error": "unknown model 'fraud': deployed are churn, electricity",
        "details": [],
        "request_id": "JKJaXmPLvHcESHA=",
    }
    assert _ask("/v2/models/fraud/infer", "POST")[1]["error"].startswith("unknown model 'fraud'")


def test_before_the_first_model_there_is_none() -> None:
    assert (
        _ask("/models/churn/predict", "POST", None)[1]["error"] == "unknown model 'churn': deployed are none"
    )


@pytest.mark.parametrize(
    "path", ["/", "/models", "/models/", "/models/churn", "/v2/models", "/v3", "//", "/v2/"]
)
def test_any_other_path_is_404(path: str) -> None:
    status, body = _ask(path)
    assert status == 404
    assert (body["status"], body["details"]) == (404, [])


def test_the_server_answers_for_itself() -> None:
    assert _ask("/v2/health/live") == (200, {"live": True})
    assert _ask("/v2/health/ready") == (200, {"ready": True})
    assert _ask("/v2")[1]["name"] == "lambdaloop"


def test_asking_otherwise_is_405() -> None:
    status, body = _ask("/v2/health/live", "POST")
    assert status == 405
    assert body["error"] == "/v2/health/live: POST is not allowed here"
