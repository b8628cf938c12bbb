"""Verifies AWS Signature Version 4 by signing the request again with the caller's secret."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from scripts.localcloud.gateway.exchange import HttpRequest
from scripts.localcloud.iam import Principal

SERVICE = "execute-api"
_ALGORITHM = "AWS4-HMAC-SHA256"
_MAX_SKEW_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What the Authorization header of a request claims."""

    access_key: str
    region: str
    service: str
    headers: tuple[str, ...]
    signature: str


def read(request: HttpRequest) -> Signed | None:
    """The claim of a request, None where it is unsigned or signed in another way."""
    algorithm, _, rest = (request.header("authorization") or "").partition(" ")
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    scope = fields.get("Credential", "").split("/")
    if algorithm != _ALGORITHM or len(scope) != 5 or not fields.get("Signature"):
        return None
    return Signed(
        access_key=scope[0],
        region=scope[2],
        service=scope[3],
        headers=tuple(fields.get("SignedHeaders", "").split(";")),
        signature=fields["Signature"],
    )


def is_valid(request: HttpRequest, signed: Signed, caller: Principal, clocks: tuple[float, ...]) -> bool:
    """Whether the caller signed exactly this request, near one of the times in `clocks` (seconds)."""
    date = request.header("x-amz-date") or ""
    if signed.service != SERVICE or "host" not in signed.headers or not _is_fresh(date, clocks):
        return False
    token = request.header("x-amz-security-token") or ""
    if not hmac.compare_digest(token.encode(), (caller.session_token or "").encode()):
        return False
    claimed_body = request.header("x-amz-content-sha256")
    if claimed_body is not None and claimed_body != hashlib.sha256(request.body).hexdigest():
        return False
    return hmac.compare_digest(_sign(request, signed, caller, date), signed.signature)


def _sign(request: HttpRequest, signed: Signed, caller: Principal, date: str) -> str:
    # botocore signs what it is given, so it is given the signed headers and nothing else.
    again = AWSRequest(
        method=request.method,
        url=f"http://{request.header('host')}{request.target}",
        data=request.body,
        headers={name: request.header(name) or "" for name in signed.headers},
    )
    again.context["timestamp"] = date
    credentials = Credentials(caller.access_key, caller.secret_key, caller.session_token)
    auth = SigV4Auth(credentials, signed.service, signed.region)
    to_sign = auth.string_to_sign(again, auth.canonical_request(again))
    return str(auth.signature(to_sign, again))


def _is_fresh(date: str, clocks: tuple[float, ...]) -> bool:
    try:
        then = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return False
    return any(abs(then - now) <= _MAX_SKEW_SECONDS for now in clocks)
