"""Signs requests (AWS Signature Version 4), so that a cold start need not import an SDK for one download or one look-up.

Importing botocore's signer and its credentials takes longer than loading a model (docs/benchmarks.md); the whole
algorithm is below, and a test holds it against botocore's own.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

from lambdaloop.adapters.aws_credentials import Credentials


def signed_headers(
    *,
    host: str,
    path: str,
    query: str,
    region: str,
    credentials: Credentials,
    at: datetime,
    service: str = "s3",
    method: str = "GET",
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> Mapping[str, str]:
    """The headers of a signed request, the given ones (lower case) among them; path and query URL-encoded, query sorted."""
    time, digest_of_body = at.strftime("%Y%m%dT%H%M%SZ"), hashlib.sha256(body).hexdigest()
    sent = {"host": host, "x-amz-content-sha256": digest_of_body, "x-amz-date": time, **(headers or {})}
    if credentials.session_token:
        sent["x-amz-security-token"] = credentials.session_token
    signed = sorted(sent)
    names = ";".join(signed)
    lines = "".join(f"{name}:{sent[name]}\n" for name in signed)
    request = f"{method}\n{path}\n{query}\n{lines}\n{names}\n{digest_of_body}"
    scope = f"{time[:8]}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{time}\n{scope}\n{digest}"
    signature = _mac(_signing_key(credentials.secret_key, time[:8], region, service), text).hex()
    sent["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return sent


def _signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = _mac(key, part)
    return key


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
