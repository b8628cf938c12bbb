"""A secret out of the SSM parameter store."""

from typing import Any

from lambdaloop.adapters.aws_client import aws_client
from lambdaloop.adapters.aws_errors import aws_errors
from lambdaloop.domain.errors import TrackingUnavailableError


class SsmSecret:
    """One parameter, read at its first use. IAM: ssm:GetParameter; a SecureString with the account's own key needs no more."""

    def __init__(self, name: str | None, *, client: Any = None) -> None:
        self._name = name
        self._client = client
        self._value: str | None = None

    def __call__(self) -> str | None:
        """None without a name; TrackingUnavailableError when there is no such parameter, or this role may not read it."""
        if self._name and self._value is None:
            client = self._client or aws_client("ssm")
            missing = TrackingUnavailableError(
                f"SSM parameter {self._name!r} is not there, or this role may not read it: put the token, or user:password, there"
            )
            with aws_errors({"ParameterNotFound": missing, "AccessDeniedException": missing}):
                answer = client.get_parameter(Name=self._name, WithDecryption=True)
                self._value = str(answer["Parameter"]["Value"])
        return self._value
