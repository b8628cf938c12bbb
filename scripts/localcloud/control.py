"""What AWS has no API for: the state of the local cloud and its clock, under /_localcloud/ on the API port."""

import json
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from scripts.localcloud.cloud import Cloud

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFIX = "/_localcloud/"


class Control:
    """A WSGI application that answers control requests and hands everything else to the one behind it."""

    def __init__(self, cloud: Cloud, behind: "WSGIApplication") -> None:
        self._routes = cloud.routes
        self._behind = behind

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a control request with JSON: 404 for an unknown one, 400 for a document that makes no sense."""
        path: str = environ["PATH_INFO"]
        if not path.startswith(PREFIX):
            return self._behind(environ, start_response)
        status, document = self._answer(environ, path.removeprefix(PREFIX))
        start_response(status, [("Content-Type", "application/json")])
        return [json.dumps(document, default=str).encode()]

    def _answer(self, environ: "WSGIEnvironment", name: str) -> tuple[str, Any]:
        route = self._routes.get((environ["REQUEST_METHOD"], name))
        if route is None:
            known = sorted(f"{method} {PREFIX}{known}" for method, known in self._routes)
            return "404 Not Found", {"error": f"no control endpoint {name!r}, there are {known}"}
        try:
            return "200 OK", route(_document(environ))
        except ValueError as error:
            return "400 Bad Request", {"error": str(error)}


def install(cloud: Cloud) -> None:
    """Register the endpoints `status` and `clock`."""

    def status(_: Mapping[str, Any]) -> dict[str, Any]:
        return {"pid": os.getpid(), "clock": _clock(cloud)} | {
            name: report() for name, report in cloud.status.items()
        }

    def move_clock(request: Mapping[str, Any]) -> dict[str, Any]:
        unknown = request.keys() - {"advance_seconds", "speed"}
        if unknown or not request:
            raise ValueError(f"give advance_seconds or speed, got {sorted(request)}")
        if "speed" in request:
            cloud.clock.set_speed(_number(request, "speed"))
        if "advance_seconds" in request:
            cloud.clock.advance(_number(request, "advance_seconds"))
        return _clock(cloud)

    cloud.routes["GET", "status"] = status
    cloud.routes["POST", "clock"] = move_clock


def _clock(cloud: Cloud) -> dict[str, Any]:
    return {"now": cloud.clock.now().isoformat(), "time": cloud.clock.time(), "speed": cloud.clock.speed}


def _number(request: Mapping[str, Any], name: str) -> float:
    value = request[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(  # noqa: TRY004  # what the routes promise to raise
            f"{name} must be a number, got {value!r}"
        )
    return float(value)


def _document(environ: "WSGIEnvironment") -> Mapping[str, Any]:
    if environ["REQUEST_METHOD"] == "GET":
        return dict(parse_qsl(environ.get("QUERY_STRING", "")))
    body = environ["wsgi.input"].read()
    document = json.loads(body) if body else {}
    if not isinstance(document, dict):
        raise ValueError(  # noqa: TRY004  # what the routes promise to raise
            f"the request must be a JSON object, got {document!r}"
        )
    return document
