"""How every boto3 client is made: one place for retries and timeouts, so that no call can hang or retry for ever."""

from typing import Any

CONNECT_SECONDS = 3
ATTEMPTS = 4
"""The first call and three retries, with botocore's exponential backoff and jitter; nobody retries above it."""


def aws_client(
    service: str, *, connect_seconds: int = CONNECT_SECONDS, read_seconds: int = 10, attempts: int = ATTEMPTS
) -> Any:
    """A client of one AWS service; region, credentials and endpoint come from the environment."""
    import boto3
    from botocore.config import Config

    connect: Any = boto3.client  # its type knows the services by literal names only
    return connect(
        service,
        config=Config(
            connect_timeout=connect_seconds,
            read_timeout=read_seconds,
            retries={"mode": "standard", "total_max_attempts": attempts},
        ),
    )
