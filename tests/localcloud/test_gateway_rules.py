"""The parts of the gateway that need no socket: routes, response mapping, log format, CORS."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from scripts.localcloud.gateway import cors
from scripts.localcloud.gateway.exchange import HttpReply, HttpRequest
from scripts.localcloud.gateway.response import MalformedResponseError, http_reply
from scripts.localcloud.gateway.routes import match_route


@dataclass
class Route:
    route_key: str


ROUTES = [
    Route("$default"),
    Route("ANY /{proxy+}"),
    Route("GET /pets/{proxy+}"),
    Route("ANY /pets/dog/{id}"),
    Route("GET /pets/dog/{id}"),
    Route("GET /pets/dog/1"),
]


@pytest.mark.parametrize(
    ("method", "path", "key", "parameters"),
    [
        ("GET", "/pets/dog/1", "GET /pets/dog/1", {}),
        ("GET", "/pets/dog/2", "GET /pets/dog/{id}", {"id": "2"}),
        ("PUT", "/pets/dog/1", "ANY /pets/dog/{id}", {"id": "1"}),
        ("GET", "/pets/cat/1", "GET /pets/{proxy+}", {"proxy": "cat/1"}),
        ("POST", "/test/5", "ANY /{proxy+}", {"proxy": "test/5"}),
        ("POST", "/pets/cat", "ANY /{proxy+}", {"proxy": "pets/cat"}),
        ("GET", "/", "$default", {}),
        ("GET", "/pets/dog/", "GET /pets/{proxy+}", {"proxy": "dog/"}),
    ],
)
def test_the_most_specific_route_answers(
    method: str, path: str, key: str, parameters: dict[str, str]
) -> None:
    match = match_route(ROUTES, method, path)
    assert match is not None
    assert (match.route.route_key, match.parameters) == (key, parameters)


def test_without_a_default_route_an_unknown_path_has_no_route() -> None:
    assert match_route([Route("GET /a")], "GET", "/b") is None
    assert match_route([Route("GET /a")], "POST", "/a") is None
    assert match_route([Route("GET /a/{x}/c")], "GET", "/a//c") is None


def reply(result: Any) -> HttpReply:
    return http_reply(json.dumps(result).encode())


def test_a_result_with_a_status_code_becomes_the_answer() -> None:
    answer = reply(
        {
            "statusCode": "201",
            "headers": {"X-Count": 3, "X-Flag": True, "Content-Type": "text/csv"},
            "cookies": ["a=1", "b=2"],
            "body": "x,y",
        }
    )
    assert (answer.status, answer.body) == (201, b"x,y")
    assert answer.headers == [
        ("X-Count", "3"),
        ("X-Flag", "true"),
        ("Content-Type", "text/csv"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
    ]


def test_a_base64_body_is_decoded() -> None:
    encoded = base64.b64encode(b"\x00\xff").decode()
    assert reply({"statusCode": 200, "body": encoded, "isBase64Encoded": True}).body == b"\x00\xff"


@pytest.mark.parametrize(
    ("result", "body"), [({"a": 1}, b'{"a":1}'), ("text", b"text"), ([1], b"[1]"), (None, b"null")]
)
def test_a_result_without_a_status_code_is_the_body(result: Any, body: bytes) -> None:
    answer = reply(result)
    assert (answer.status, answer.body) == (200, body)
    assert answer.headers == [("Content-Type", "application/json")]


@pytest.mark.parametrize(
    "result",
    [
        {"statusCode": "many"},
        {"statusCode": 99},
        {"statusCode": True},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "body": "%", "isBase64Encoded": True},
        {"statusCode": 200, "headers": ["a"]},
    ],
)
def test_a_result_that_is_no_answer_is_malformed(result: Any) -> None:
    with pytest.raises(MalformedResponseError):
        reply(result)


@dataclass
class Browser:
    origin: str
    rules: dict[str, Any] = field(
        default_factory=lambda: {
            "allowOrigins": ["https://*.example.com"],
            "allowMethods": ["GET", "POST"],
            "allowHeaders": ["content-type"],
            "exposeHeaders": ["x-count"],
            "allowCredentials": True,
            "maxAge": 60,
        }
    )

    def request(self, method: str, *more: tuple[str, str]) -> HttpRequest:
        headers = (("origin", self.origin), *more)
        return HttpRequest(method=method, target="/", headers=headers, body=b"", source_ip="127.0.0.1")


def test_a_preflight_from_an_allowed_origin_hears_what_it_may_do() -> None:
    browser = Browser("https://app.example.com")
    ask = browser.request("OPTIONS", ("access-control-request-method", "POST"))
    assert cors.is_preflight(browser.rules, ask)
    assert dict(cors.preflight(browser.rules, ask).headers) == {
        "Access-Control-Allow-Origin": "https://app.example.com",
        "Access-Control-Allow-Methods": "GET,POST",
        "Access-Control-Allow-Headers": "content-type",
        "Access-Control-Max-Age": "60",
        "Access-Control-Allow-Credentials": "true",
    }


def test_another_origin_hears_nothing_and_the_function_cannot_change_that() -> None:
    browser = Browser("https://evil.test")
    ask = browser.request("OPTIONS", ("access-control-request-method", "POST"))
    assert cors.preflight(browser.rules, ask).headers == []
    answer = HttpReply(status=200, headers=[("access-control-allow-origin", "*"), ("x-count", "1")])
    cors.decorate(browser.rules, browser.request("GET"), answer)
    assert answer.headers == [("x-count", "1")]


def test_without_rules_there_are_no_preflights_and_headers_stay() -> None:
    ask = Browser("https://app.example.com").request("OPTIONS", ("access-control-request-method", "POST"))
    assert not cors.is_preflight(None, ask)
    answer = HttpReply(status=200, headers=[("access-control-allow-origin", "*")])
    cors.decorate(None, ask, answer)
    assert answer.headers == [("access-control-allow-origin", "*")]
