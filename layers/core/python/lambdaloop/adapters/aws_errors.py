"""The border where AWS's errors become ours: the only file that catches botocore's exceptions.

Retries of throttled and failed calls are botocore's business (see `aws_client`); what arrives here has been tried often enough.
A code that nobody expected passes through as it is: hiding it would hide a bug or a missing permission.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import (
    ClientError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
)
from botocore.exceptions import (
    ConnectionError as ConnectError,
)

from lambdaloop.domain.errors import BackendUnavailableError, RecordTooLargeError

_UNAVAILABLE = frozenset(
    {
        "ConditionalRequestConflict",
        "InternalServerError",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
_CONDITION_FAILED = frozenset({"ConditionalCheckFailed", "ConditionalCheckFailedException"})
_CONTENDED = frozenset(
    {
        "TransactionConflict",
        "TransactionConflictException",
        "ProvisionedThroughputExceeded",
        "ThrottlingError",
    }
)

OBJECT_ABSENT = ("NoSuchKey", "NoSuchVersion", "404", "MethodNotAllowed", "AccessDenied", "403")
"""What S3 says of an object that is not there: a delete marker is 405, and to a role without the right to list the bucket
it answers 403."""


class ConditionFailedError(Exception):
    """A conditional write found another state than the one it was decided on; nothing was written."""

    def __init__(self, message: str, item: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.item = item or {}
        """What was found, as DynamoDB writes it, where the write asked for it."""


class ContendedError(Exception):
    """DynamoDB cancelled a transaction because of others on the same items; nothing was written."""


@contextmanager
def aws_errors(
    known: Mapping[str, Exception] | None = None, *, refused: Callable[[str], Exception] | None = None
) -> Iterator[None]:
    """Translate errors of the AWS calls inside; `known` says what a code means for this call.

    `refused` makes one of every code that nobody expected, for whom no single refusal may stop the rest.
    """
    try:
        yield
    except ClientError as error:
        translation = _translation(error, known or {})
        if translation is None and refused is not None:
            translation = refused(str(error))
        if translation is None:
            raise
        raise translation from error
    except (ConnectError, FlexibleChecksumError, HTTPClientError, IncompleteReadError) as error:
        raise BackendUnavailableError(f"no whole answer from AWS: {error}: try again") from error


def _translation(error: ClientError, known: Mapping[str, Exception]) -> Exception | None:
    code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    reasons = error.response.get("CancellationReasons", [])
    codes = {code, *(reason.get("Code", "") for reason in reasons)}
    if "item size" in " ".join([message, *(reason.get("Message", "") for reason in reasons)]).lower():
        return RecordTooLargeError(f"a registry item holds at most 400 KB: {message}")
    for wanted, meaning in known.items():
        if wanted in codes:
            return meaning
    if codes & _CONDITION_FAILED:
        found: Any = error.response  # its type knows no item
        return ConditionFailedError(f"{error.operation_name}: {message}", found.get("Item"))
    if codes & _CONTENDED:
        return ContendedError(f"{error.operation_name}: {message}")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    if codes & _UNAVAILABLE or status >= 500:
        return BackendUnavailableError(f"{error.operation_name} was refused ({code}): {message}: try again")
    return None
