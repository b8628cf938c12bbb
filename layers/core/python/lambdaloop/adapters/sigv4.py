"""Signs a GET request for S3 (AWS Signature Version 4), so that a cold start need not import an SDK for one download.

Importing botocore's signer and its credentials takes longer than loading a model (docs/benchmarks.md); the whole
algorithm for a request without a body is below, and a test holds it against botocore's own.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

from lambdaloop.adapters.aws_credentials import Credentials

_NO_BODY = hashlib.sha256(b"").hexdigest()


def signed_headers(
    *, host: str, path: str, query: str, region: str, credentials: Credentials, at: datetime
) -> Mapping[str, str]:
    """The headers of a signed GET. `path` is URL-encoded, `query` too and sorted by name."""
    time = at.strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": host, "x-amz-content-sha256": _NO_BODY, "x-amz-date": time}
    if credentials.session_token:
        headers["x-amz-security-token"] = credentials.session_token
    names = ";".join(headers)  # already in alphabetical order
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = f"GET\n{path}\n{query}\n{lines}\n{names}\n{_NO_BODY}"
    scope = f"{time[:8]}/{region}/s3/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{time}\n{scope}\n{digest}"
    signature = _mac(_signing_key(credentials.secret_key, time[:8], region), text).hex()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return headers


def _signing_key(secret: str, day: str, region: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = _mac(key, part)
    return key


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
