"""A request as it came in and an answer as it goes out, free of sockets."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """One HTTP request; `target` is path and query as received, header names are lower case."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    source_ip: str
    protocol: str = "HTTP/1.1"

    @property
    def raw_path(self) -> str:
        """The path as received, still percent-encoded."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The query string as received."""
        return self.target.partition("?")[2]

    @property
    def path(self) -> str:
        """The path, decoded."""
        return unquote(self.raw_path)

    def header(self, name: str) -> str | None:
        """All values of a header joined with commas, None where it is missing."""
        values = [value for key, value in self.headers if key == name]
        return ",".join(values) if values else None


@dataclass(slots=True, kw_only=True)
class HttpReply:
    """One HTTP answer."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


def message(status: int, text: str) -> HttpReply:
    """An answer of the gateway itself: {"message": text}."""
    return json_reply(status, {"message": text})


def json_reply(status: int, document: Any) -> HttpReply:
    """An answer with a JSON document."""
    body = json.dumps(document, separators=(",", ":")).encode()
    return HttpReply(status=status, headers=[("Content-Type", "application/json")], body=body)
