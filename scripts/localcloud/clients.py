"""The clients with which the local cloud calls itself: all of one session, which reads each service's model once.

A model takes up to a second to read, and megabytes to hold; a session of its own would do both again.
"""

import threading
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from scripts.localcloud.cloud import REGION, ROOT_ACCESS_KEY, ROOT_SECRET_KEY

# Clients may be shared between threads, the session that makes them may not.
_making = threading.Lock()


@cache
def _session() -> Any:  # its stubs know only services named by a literal
    return boto3.Session(region_name=REGION)


def client(
    service: str,
    endpoint_url: str,
    *,
    config: Config,
    access_key: str = ROOT_ACCESS_KEY,
    secret_key: str = ROOT_SECRET_KEY,
    session_token: str | None = None,
) -> Any:
    """A boto3 client of whoever has the key; of the account's owner unless another one is given."""
    with _making:
        return _session().client(
            service,
            endpoint_url=endpoint_url,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            aws_session_token=session_token,
            config=config,
        )
