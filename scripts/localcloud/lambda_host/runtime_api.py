"""AWS's Lambda Runtime API (2018-06-01), served to one function process.

Every process gets an address of its own, because the runtime client accepts no path in it.
"""

import queue
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import BinaryIO, Literal


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
_ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"


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
                connection, _ = self._listener.accept()
                if self._closed:
                    connection.close()
                    return
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, connection.makefile("rb") as reader, suppress(ConnectionError):
            while request := _read_request(connection, reader):
                path, body = request
                if path.endswith(b"/next"):
                    self.signals.put(Signal("ready"))
                    invocation = self.take()
                    if invocation is None:
                        return
                    connection.sendall(_event(invocation))
                else:
                    self.signals.put(Signal(_kind(path), body))
                    connection.sendall(_ACCEPTED)


def _read_request(connection: socket.socket, reader: BinaryIO) -> tuple[bytes, bytes] | None:
    """Path and body of the next request; None at the end of the connection, also in the middle of one.

    The only client is AWS's own. The standard library's parser, made for mail, takes as long as a prediction.
    """
    words = reader.readline().split()
    if len(words) < 3:
        return None
    length = 0
    while (header := reader.readline()) not in (b"\r\n", b""):
        name, _, value = header.partition(b":")
        match name.lower():
            case b"content-length":
                length = int(value)
            case b"expect":
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = reader.read(length)
    return (words[1], body) if len(body) == length else None


def _event(invocation: Invocation) -> bytes:
    headers = {
        "Content-Type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
        "Lambda-Runtime-Deadline-Ms": invocation.deadline_ms,
        "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
        "Lambda-Runtime-Trace-Id": invocation.trace_id,
        "Lambda-Runtime-Client-Context": invocation.client_context,
        "Content-Length": len(invocation.payload),
    }
    lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode() + invocation.payload


def _kind(path: bytes) -> Kind:
    if path.endswith(b"/response"):
        return "result"
    return "init_error" if path.endswith(b"/init/error") else "error"
