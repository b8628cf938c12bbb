"""The credentials of a Lambda function: in its environment, or, under SnapStart, from an endpoint beside it."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from lambdaloop.domain.errors import BackendUnavailableError

_SECONDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What requests are signed with; read anew for each use, because they expire."""

    access_key: str
    secret_key: str
    session_token: str | None = None


def find_credentials(environment: Mapping[str, str]) -> Credentials:
    """The credentials of this moment; BackendUnavailableError when there are none."""
    if endpoint := environment.get("AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        return _from_endpoint(endpoint, environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", ""))
    try:
        return Credentials(
            access_key=environment["AWS_ACCESS_KEY_ID"],
            secret_key=environment["AWS_SECRET_ACCESS_KEY"],
            session_token=environment.get("AWS_SESSION_TOKEN"),
        )
    except KeyError as error:
        raise BackendUnavailableError(f"no AWS credentials: {error} is not set") from error


def _from_endpoint(address: str, token: str) -> Credentials:
    """SnapStart keeps no credentials in the environment: a snapshot outlives them."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=_SECONDS)
    try:
        connection.request("GET", parts.path, headers={"Authorization": token})
        document = json.load(connection.getresponse())
        return Credentials(
            access_key=document["AccessKeyId"],
            secret_key=document["SecretAccessKey"],
            session_token=document["Token"],
        )
    except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
        raise BackendUnavailableError(f"no AWS credentials from {address}: {error!r}: try again") from error
    finally:
        connection.close()
