"""A Lambda handler behind API Gateway as a WSGI application: tools that speak HTTP ask it without a socket."""

import asyncio
import base64
import gzip
import time
from collections import Counter
from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from lambdaloop.domain.documents import Document


class WsgiGateway:
    """Turns requests into events of payload format 2.0, and counts the statuses of the answers."""

    def __init__(self, invoke: Callable[[Document], Document]) -> None:
        self._invoke = invoke
        self._loop = asyncio.new_event_loop()
        self._one_at_a_time = Lock()
        self.statuses: Counter[int] = Counter()

    def close(self) -> None:
        """Close the event loop that requests ran on."""
        self._loop.close()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """One request."""
        with self._one_at_a_time:
            # Mangum runs requests on the loop of its thread, and tools bring threads of their own.
            asyncio.set_event_loop(self._loop)
            response = self._invoke(_event(environ))
        self.statuses[response["statusCode"]] += 1
        content = response.get("body") or ""
        body = base64.b64decode(content) if response["isBase64Encoded"] else content.encode()
        headers = dict(response["headers"])
        if headers.get("content-encoding") == "gzip":  # as every client does before it looks into an answer
            body = gzip.decompress(body)
            del headers["content-encoding"]
        headers["content-length"] = str(len(body))
        start_response(f"{response['statusCode']} Answered", list(headers.items()))
        return [body]


def _event(environ: WSGIEnvironment) -> Document:
    path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
    headers: dict[str, Any] = {
        name[len("HTTP_") :].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = environ["CONTENT_TYPE"]
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": environ.get("QUERY_STRING", ""),
        "headers": {"host": "gateway.example", **headers},
        "requestContext": {
            "apiId": "a1b2c3d4e5",
            "http": {"method": environ["REQUEST_METHOD"], "path": path, "sourceIp": "127.0.0.1"},
            "requestId": "fuzzed",
            "timeEpoch": int(time.time() * 1000),
        },
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }
