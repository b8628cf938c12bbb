"""Answers what no model's route takes: the server's own part of the Open Inference Protocol, and 404 with a way out.

Written on the event itself: this function carries no web framework, so it starts at once.
"""

import json
from typing import Any

import lambdaloop
from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.documents import Document
from lambdaloop.domain.http_answer import PROBLEM_TYPE, SECURITY_HEADERS, problem_body

_ANSWERS: dict[str, Document] = {
    "/v2": {"name": "lambdaloop", "version": lambdaloop.__version__, "extensions": []},
    "/v2/health/live": {"live": True},
    "/v2/health/ready": {"ready": True},
}


def handle(event: Document, app: App) -> Document:
    """API Gateway's event (payload format 2.0) → its response."""
    path = event["rawPath"]
    method = event["requestContext"]["http"]["method"]
    if path not in _ANSWERS:
        return _problem(event, 404, _unknown(path, app.settings.api_models or ""))
    if method != "GET":
        return _problem(event, 405, f"{path}: {method} is not allowed here", allow="GET")
    return _response(200, _ANSWERS[path], "application/json")


def _unknown(path: str, models: str) -> str:
    deployed = ", ".join(models.split(",")) or "none"
    steps = path.split("/")
    if steps[1:2] == ["models"] or steps[1:3] == ["v2", "models"]:
        name = (steps[2:] if steps[1] == "models" else steps[3:])[:1]
        if name and name[0] not in models.split(","):
            return f"unknown model {name[0][:100]!r}: deployed are {deployed}"
    return f"{path[:200]}: there is nothing here; models deployed are {deployed}"


def _problem(event: Document, status: int, error: str, **headers: str) -> Document:
    body = problem_body(status, error, request_id=event["requestContext"]["requestId"])
    return _response(status, body, PROBLEM_TYPE, **headers)


def _response(status: int, body: Any, content_type: str, **headers: str) -> Document:
    return {
        "statusCode": status,
        "headers": {"content-type": content_type, **SECURITY_HEADERS, **headers},
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }


handler = lambda_entrypoint(handle)
