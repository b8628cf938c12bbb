"""What all HTTP answers have in common, whichever function gives them: headers, and the body that says no."""

from collections.abc import Mapping, Sequence
from typing import Any

from lambdaloop.domain.documents import Document

PROBLEM_TYPE = "application/problem+json"

SECURITY_HEADERS: Mapping[str, str] = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=63072000",
    "x-content-type-options": "nosniff",
}
"""An answer is data for one caller: nobody keeps it, renders it, guesses its type or fetches it without TLS."""

_TITLES: Mapping[int, str] = {
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
"""As RFC 9110 names them; Python's own names change with its version."""


def problem_body(
    status: int, error: str, details: Sequence[Mapping[str, Any]] = (), *, request_id: str | None = None
) -> Document:
    """A problem of RFC 9457 that is an error of the Open Inference Protocol, too: that one reads `error`.

    Its type is left at `about:blank`: what a program could act on is the status and the details.
    """
    body = {
        "type": "about:blank",
        "title": _TITLES[status],
        "status": status,
        "detail": error,
        "error": error,
        "details": list(details),
    }
    return body if request_id is None else {**body, "request_id": request_id}
