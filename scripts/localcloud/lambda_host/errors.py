"""The errors of the Lambda API, with AWS's codes and words; moto turns them into HTTP answers."""

import json
from typing import Any

from moto.core.exceptions import JsonRESTError


class LambdaApiError(JsonRESTError):  # type: ignore[misc]
    """An error of the Lambda API: `error_type` is its name, `code` its HTTP status."""

    def __init__(self, error_type: str, status: int, message: str, **fields: Any) -> None:
        super().__init__(error_type, message)
        self.code = status
        self.message: str = message
        # boto3 reads the message from either spelling, other SDKs from one of them
        self.description = json.dumps({"Type": "User", "Message": message, "message": message, **fields})


class InvalidParameterError(LambdaApiError):
    """A request that makes no sense."""

    def __init__(self, message: str) -> None:
        super().__init__("InvalidParameterValueException", 400, message)


class InvalidContentError(LambdaApiError):
    """A payload that is not JSON."""

    def __init__(self, message: str) -> None:
        super().__init__("InvalidRequestContentException", 400, message)


class ResourceConflictError(LambdaApiError):
    """The function, version or alias is not in a state for this request."""

    def __init__(self, message: str) -> None:
        super().__init__("ResourceConflictException", 409, message)


class ResourceNotFoundError(LambdaApiError):
    """There is no such function, version or alias."""

    def __init__(self, message: str) -> None:
        super().__init__("ResourceNotFoundException", 404, message)


class PreconditionFailedError(LambdaApiError):
    """Somebody else changed it since the caller read its RevisionId."""

    def __init__(self) -> None:
        super().__init__(
            "PreconditionFailedException",
            412,
            "The Revision Id provided does not match the latest Revision Id. "
            "Call the GetFunction/GetAlias API to retrieve the latest Revision Id",
        )


class TooManyRequestsError(LambdaApiError):
    """All the concurrency a function may have is in use."""

    def __init__(self, *, reserved: bool) -> None:
        kind = "ReservedFunctionConcurrentInvocation" if reserved else "ConcurrentInvocation"
        super().__init__("TooManyRequestsException", 429, "Rate Exceeded.", Reason=f"{kind}LimitExceeded")


class RequestTooLargeError(LambdaApiError):
    """A payload over the limit of its invocation type."""

    def __init__(self, size_bytes: int, limit_bytes: int) -> None:
        super().__init__(
            "RequestEntityTooLargeException",
            413,
            f"{size_bytes} byte payload is too large for the InvokeFunction operation (limit {limit_bytes} bytes)",
        )


class NotEmulatedError(LambdaApiError):
    """Something AWS can do and the local cloud cannot."""

    def __init__(self, what: str) -> None:
        super().__init__("InvalidParameterValueException", 400, f"the local cloud does not emulate {what}")
