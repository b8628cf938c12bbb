"""AWS's Lambda Runtime API (2018-06-01), served to one function process.

Every process gets an address of its own, because the runtime client accepts no path in it.
"""

import queue
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One event on its way into a process."""

    request_id: str
    payload: bytes
    function_arn: str
    deadline_ms: int
    client_context: str | None = None
    trace_id: str | None = None


Kind = Literal["ready", "result", "error", "init_error", "exit"]


@dataclass(frozen=True, slots=True)
class Signal:
    """Something a process did: became ready, answered, failed or ended."""

    kind: Kind
    body: bytes = b""
    exit_status: int = 0


@dataclass
class RuntimeApi:
    """Listens on a port of its own; `signals` receives what the process reports, in order."""

    signals: "queue.SimpleQueue[Signal]"
    _next: "queue.SimpleQueue[Invocation | None]" = field(default_factory=queue.SimpleQueue)
    _closed: bool = False

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "{}:{}".format(*self._listener.getsockname())
        threading.Thread(target=self._accept, daemon=True, name=f"runtime-api {self.address}").start()

    def send(self, invocation: Invocation) -> None:
        """Hand an event to the process; it takes it as soon as it asks for one."""
        self._next.put(invocation)

    def close(self) -> None:
        """Stop listening and let go of the process that waits for an event."""
        self._closed = True
        self._next.put(None)
        with suppress(OSError):  # wakes `accept`, on every platform
            socket.create_connection(self._listener.getsockname(), timeout=1).close()

    def take(self) -> Invocation | None:
        """The next event for the process, None when there will be none."""
        return self._next.get()

    def _accept(self) -> None:
        with self._listener:
            while True:
                connection, peer = self._listener.accept()
                if self._closed:
                    connection.close()
                    return
                threading.Thread(target=self._serve, args=(connection, peer), daemon=True).start()

    def _serve(self, connection: socket.socket, peer: Any) -> None:
        with connection, suppress(ConnectionError):  # the process may end in the middle of a request
            _Handler(connection, peer, self)  # type: ignore[arg-type]  # needs no server but for the queue


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # one packet per answer: otherwise Nagle's algorithm costs 40 ms
    disable_nagle_algorithm = True
    server: RuntimeApi  # type: ignore[assignment]

    def do_GET(self) -> None:
        """Answer `/runtime/invocation/next`: waits for an event."""
        self.server.signals.put(Signal("ready"))
        invocation = self.server.take()
        if invocation is None:
            self.close_connection = True
            return
        self.send_response_only(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Lambda-Runtime-Aws-Request-Id", invocation.request_id)
        self.send_header("Lambda-Runtime-Deadline-Ms", str(invocation.deadline_ms))
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", invocation.function_arn)
        if invocation.trace_id:
            self.send_header("Lambda-Runtime-Trace-Id", invocation.trace_id)
        if invocation.client_context:
            self.send_header("Lambda-Runtime-Client-Context", invocation.client_context)
        self.send_header("Content-Length", str(len(invocation.payload)))
        self.end_headers()
        self.wfile.write(invocation.payload)

    def do_POST(self) -> None:
        """Take an answer, a failure or a failed initialisation."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kinds: dict[str, Kind] = {"/response": "result", "/init/error": "init_error"}
        kind: Kind = next((kind for end, kind in kinds.items() if self.path.endswith(end)), "error")
        self.send_response_only(202)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.signals.put(Signal(kind, body))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing: the function's own log tells what happened."""
