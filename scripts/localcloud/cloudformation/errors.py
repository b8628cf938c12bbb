"""What CloudFormation refuses, as the errors its API answers with."""

from moto.core.exceptions import ServiceException


class ValidationError(ServiceException):  # type: ignore[misc]  # moto's class is untyped
    """The request makes no sense: a bad template, a missing stack, an export that is still in use."""

    code = "ValidationError"


class AlreadyExistsError(ServiceException):  # type: ignore[misc]
    """A stack of that name exists."""

    code = "AlreadyExistsException"


class ChangeSetNotFoundError(ServiceException):  # type: ignore[misc]
    """No change set of that name."""

    code = "ChangeSetNotFound"


class UnsupportedResourceError(Exception):
    """A resource type, property or attribute that the local cloud does not provide; deploying without it would lie."""


class ResourceFailedError(Exception):
    """AWS refused to create, change or delete one resource; the message says what it answered."""
