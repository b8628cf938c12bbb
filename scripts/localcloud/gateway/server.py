"""The socket in front of API Gateway: HTTP/1.1 with kept-alive connections, one thread per connection."""

import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from scripts.localcloud.gateway.exchange import HttpReply, HttpRequest, message
from scripts.localcloud.gateway.front import MAX_REQUEST_BYTES, Front

logger = logging.getLogger(__name__)


class GatewayServer:
    """Listens from the moment it is made until `close`."""

    def __init__(self, front: Front, port: int) -> None:
        handler = type("GatewayHandler", (_Handler,), {"front": front})
        self._server = _Server(("127.0.0.1", port), handler)
        self.port: int = self._server.server_port
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True, name="gateway"
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16  # headers and body leave together
    timeout = 300.0  # seconds an idle connection may keep its thread
    front: Front

    def handle_expect_100(self) -> bool:
        """Say "continue" at once instead of into the write buffer."""
        accepted = super().handle_expect_100()
        self.wfile.flush()
        return accepted

    def answer(self) -> None:
        """Answer one request of any method."""
        body = self._body()
        if body is None:
            self.close_connection = True  # the rest of the body was not read
            self._send(message(413, "Request Entity Too Large"))
            return
        request = HttpRequest(
            method=self.command,
            target=self.path,
            headers=tuple((name.lower(), value) for name, value in self.headers.items()),
            body=body,
            source_ip=str(self.client_address[0]),
            protocol=self.request_version,
        )
        try:
            reply = self.front.handle(request)
        except Exception:
            # The boundary of the process: a mistake in here must reach the client as AWS's 500, and our log.
            logger.exception("%s %s failed", self.command, self.path)
            reply = message(500, "Internal Server Error")
        self._send(reply)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer  # noqa: N815

    def _body(self) -> bytes | None:
        """The body, None when it is larger than the gateway takes."""
        if "chunked" in (self.headers.get("Transfer-Encoding") or "").lower():
            return self._chunked_body()
        length = int(self.headers.get("Content-Length") or 0)
        return self.rfile.read(length) if length <= MAX_REQUEST_BYTES else None

    def _chunked_body(self) -> bytes | None:
        body = bytearray()
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            if len(body) + size > MAX_REQUEST_BYTES:
                return None
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers
        return bytes(body)

    def _send(self, reply: HttpReply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers:
            if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing: the access log of the stage is the record."""
