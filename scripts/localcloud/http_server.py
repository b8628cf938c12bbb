"""HTTP/1.1 with kept-alive connections for a WSGI application.

Werkzeug's own handler closes the connection after every answer and then waits ten milliseconds for leftovers:
with hundreds of API calls per deployment that alone would cost seconds.
"""

import io
import logging
import re
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

logger = logging.getLogger(__name__)

_IN_THE_CLOUDS_TIME = ("/lambda/aws4_request", "/dynamodb/aws4_request")  # in the scope of a signature
_QUERY_ACTION = re.compile(rb"(?:^|&)Action=(\w+)")


class KeepAliveHandler(MotoRequestHandler):  # type: ignore[misc]  # moto is untyped
    """Reads the whole request, calls the application, writes the whole answer, waits for the next request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16  # headers and a small body leave in one packet
    timeout = 300.0  # seconds an idle connection may keep its thread
    now: Callable[[], float]
    """Seconds since the epoch, by the clock that answers are dated with."""

    def handle_expect_100(self) -> bool:
        """Say "continue" at once: it must not stay in the write buffer while the client waits for it."""
        accepted: bool = super().handle_expect_100()
        self.wfile.flush()
        return accepted

    def run_wsgi(self) -> None:
        """Answer one request."""
        started = time.perf_counter()
        environ = self.make_environ()
        body = self._body(environ)
        environ["wsgi.input"] = io.BytesIO(body)
        environ["wsgi.input_terminated"] = True
        environ["CONTENT_LENGTH"] = str(len(body))
        status, headers, chunks = self._call(environ)
        self._send(status, headers, chunks)
        logger.info(
            "%s %s %s %s %.1f ms",
            self.command,
            self.path,
            _action(environ, body),
            status.split(" ", 1)[0],
            (time.perf_counter() - started) * 1000,
        )

    def _body(self, environ: dict[str, Any]) -> bytes:
        if environ.get("wsgi.input_terminated"):  # a chunked request: werkzeug's reader knows where it ends
            return bytes(environ["wsgi.input"].read())
        body: bytes = self.rfile.read(int(environ.get("CONTENT_LENGTH") or 0))
        return body

    def _call(self, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], list[bytes]]:
        answer: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Any:
            answer[:] = [(status, headers)]

        try:
            chunks = _drain(self.server.app(environ, start_response))
        except Exception:
            # The boundary of the process: whatever went wrong inside becomes an answer and a traceback in the log.
            logger.exception("%s %s failed", self.command, self.path)
            return _internal_failure()
        return *answer[0], chunks

    def _send(self, status: str, headers: list[tuple[str, str]], chunks: list[bytes]) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        sized = any(name.lower() == "content-length" for name, _ in headers)
        if not sized and code not in ("204", "304"):
            self.send_header("Content-Length", str(sum(map(len, chunks))))
        self.end_headers()
        if self.command != "HEAD":
            for chunk in chunks:
                self.wfile.write(chunk)
        self.wfile.flush()

    def date_time_string(self, timestamp: float | None = None) -> str:
        """What the header Date says: the cloud's time to callers of Lambda and DynamoDB, whatever this machine's is.

        Elsewhere it is the machine's, because the SDK of the `cdk` command takes a cloud whose clock is ahead for a clock of its
        own that is behind: a deployment then sleeps for minutes.
        """
        signature = getattr(self, "headers", {}).get("Authorization", "")
        told = any(scope in signature for scope in _IN_THE_CLOUDS_TIME)
        moment = self.now() if timestamp is None and told else timestamp
        dated: str = super().date_time_string(moment)
        return dated

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: `run_wsgi` writes the one line of the access log."""


def listen(app: "WSGIApplication", port: int, now: Callable[[], float]) -> BaseWSGIServer:
    """A threaded server on 127.0.0.1:`port` (0: any free one), not serving yet; `now` dates its answers.

    Raises OSError when the port is taken.
    """
    handler = type("DatedHandler", (KeepAliveHandler,), {"now": staticmethod(now)})
    return make_server("127.0.0.1", port, app, threaded=True, request_handler=handler)


def _action(environ: dict[str, Any], body: bytes) -> str:
    """The name of the AWS call, where it is not in the path."""
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return str(target)
    found = _QUERY_ACTION.search(body, 0, 200)
    return found[1].decode() if found and environ["PATH_INFO"] == "/" else "-"


def _drain(answer: Iterable[bytes]) -> list[bytes]:
    try:
        return list(answer)
    finally:
        if hasattr(answer, "close"):
            answer.close()


def _internal_failure() -> tuple[str, list[tuple[str, str]], list[bytes]]:
    body = b'{"__type":"InternalFailure","message":"the local cloud failed, see its log"}'
    return "500 Internal Server Error", [("Content-Type", "application/json")], [body]
