"""Answers what no model's route takes: the server's own part of the Open Inference Protocol, and 404 with a way out.

Written on the event itself: this function carries no web framework, so it starts at once.
"""

import json
from typing import Any

import lambdaloop
from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.documents import Document

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
        return _response(404, {"error": _unknown(path, app.settings.api_models or ""), "details": []})
    if method != "GET":
        error = {"error": f"{path}: {method} is not allowed here", "details": []}
        return _response(405, error, allow="GET")
    return _response(200, _ANSWERS[path])


def _unknown(path: str, models: str) -> str:
    deployed = ", ".join(models.split(",")) or "none"
    steps = path.split("/")
    if steps[1:2] == ["models"] or steps[1:3] == ["v2", "models"]:
        name = (steps[2:] if steps[1] == "models" else steps[3:])[:1]
        if name and name[0] not in models.split(","):
            return f"unknown model {name[0][:100]!r}: deployed are {deployed}"
    return f"{path[:200]}: there is nothing here; models deployed are {deployed}"


def _response(status: int, body: Any, **headers: str) -> Document:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", **headers},
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }


handler = lambda_entrypoint(handle)
