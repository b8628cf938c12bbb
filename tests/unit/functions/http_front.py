"""The inference function behind HTTP on this machine, for clients that bring their own connection."""

import asyncio
import base64
import copy
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import unquote

from lambdaloop.domain.documents import Document
from tests.unit.functions.gateway import Gateway, load_event


class _Handler(BaseHTTPRequestHandler):
    """Turns a request into API Gateway's event and the function's response into an answer."""

    protocol_version = "HTTP/1.1"
    gateway: Gateway

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        response = self.gateway.invoke(self._event(body))
        content = response.get("body") or ""
        sent = base64.b64decode(content) if response["isBase64Encoded"] else content.encode()
        self.send_response(response["statusCode"])
        for name, value in response["headers"].items():
            if name != "content-length":
                self.send_header(name, value)
        self.send_header("content-length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    do_GET = do_POST = answer  # noqa: N815

    def _event(self, body: bytes) -> Document:
        event = copy.deepcopy(load_event("predict"))
        path, _, query = self.path.partition("?")
        event |= {
            "rawPath": path,
            "rawQueryString": query,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": base64.b64encode(body).decode(),
            "isBase64Encoded": True,
        }
        event["requestContext"]["http"] |= {"method": self.command, "path": unquote(path)}
        return event

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  (the name of the base class)
        pass


@contextmanager
def serve(gateway: Gateway) -> Iterator[str]:
    """Host and port, as long as the block."""
    server = HTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"gateway": gateway}))

    def run() -> None:
        # Mangum runs requests on the loop of its thread.
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        server.serve_forever(poll_interval=0.01)
        loop.close()

    thread = threading.Thread(target=run, name="inference")
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
