"""API Gateway's HTTP API event (payload format 2.0), for requests that the release workflow sends past the gateway."""

import base64
import json
from datetime import datetime
from typing import Any

from lambdaloop.domain.documents import Document

VERIFIER = "lambdaloop-verify"
"""The user agent of verification requests: they are no traffic and nobody's predictions."""

ARM_HEADER = "x-lambdaloop-arm"
"""In a verification request the arm of the experiment that shall answer; the control does when it is left out."""


def post_event(
    path: str, body: Document, *, request_id: str, at: datetime, arm: str | None = None
) -> Document:
    """The event of a POST request with a JSON body."""
    text = json.dumps(body, separators=(",", ":"))
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "content-type": "application/json",
            "content-length": str(len(text.encode())),
            "host": "live.invalid",
            "user-agent": VERIFIER,
            **({} if arm is None else {ARM_HEADER: arm}),
        },
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "verification",
            "domainName": "live.invalid",
            "domainPrefix": "live",
            "http": {
                "method": "POST",
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": VERIFIER,
            },
            "requestId": request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": at.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(at.timestamp() * 1000),
        },
        "body": text,
        "isBase64Encoded": False,
    }


def answer_of(response: Document) -> tuple[int, Any]:
    """Status and JSON body of an HTTP response; ValueError when the body is not JSON."""
    body = response.get("body") or ""
    content = base64.b64decode(body) if response.get("isBase64Encoded") else body
    return int(response.get("statusCode", 200)), json.loads(content)
