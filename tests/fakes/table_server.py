"""A DynamoDB table behind plain HTTP on this machine: keeps connections open, answers what it is told to, remembers what it was asked."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, bytes]


@dataclass
class TableServer:
    """Answers the queued replies one after the other, then from its items."""

    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    replies: list[Reply | None] = field(default_factory=list)
    """None closes the connection without an answer."""
    over_at_once: int | None = None
    """So many keys of a request are answered, the others are left over."""
    keys: list[list[str]] = field(default_factory=list)
    """Of each request."""
    headers: list[dict[str, str]] = field(default_factory=list)
    """Of each request, by lower-case name."""
    connections: int = 0
    hang: threading.Event | None = None
    """Answers wait for it."""
    address: str = ""

    def put(self, key: str, event_time: str, values: str) -> None:
        self.items[key] = {"pk": {"S": key}, "event_time": {"S": event_time}, "values": {"S": values}}

    def answer(self, request: dict[str, Any]) -> Reply | None:
        [(table, asked)] = request["RequestItems"].items()
        keys = [key["pk"]["S"] for key in asked["Keys"]]
        self.keys.append(keys)
        if self.hang:
            self.hang.wait(60)
        if self.replies:
            return self.replies.pop(0)
        now, over = keys[: self.over_at_once], keys[len(keys[: self.over_at_once]) :]
        answer: dict[str, Any] = {
            "Responses": {table: [self.items[key] for key in now if key in self.items]},
            "UnprocessedKeys": {table: {"Keys": [{"pk": {"S": key}} for key in over]}} if over else {},
        }
        return 200, json.dumps(answer).encode()


@contextmanager
def serve_table() -> Iterator[TableServer]:
    """Run the server as long as the block."""
    state, lock = TableServer(), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def setup(self) -> None:
            super().setup()
            with lock:
                state.connections += 1

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            with lock:
                state.headers.append({name.lower(): value for name, value in self.headers.items()})
            reply = state.answer(json.loads(body))
            if reply is None:
                self.close_connection = True
                return
            with suppress(ConnectionError):  # whoever asked may have given up
                self.send_response(reply[0])
                self.send_header("content-length", str(len(reply[1])))
                self.end_headers()
                self.wfile.write(reply[1])

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  (the name of the base class)
            pass

        def finish(self) -> None:
            with suppress(ConnectionError):
                super().finish()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.address = f"http://127.0.0.1:{server.server_port}"
    run: Callable[[], None] = lambda: server.serve_forever(poll_interval=0.01)  # noqa: E731
    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield state
    finally:
        if state.hang:
            state.hang.set()
        server.shutdown()
        thread.join()
        server.server_close()
