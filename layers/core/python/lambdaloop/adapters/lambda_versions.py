"""The published versions of the inference function: which there are, what each serves, and deleting one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lambdaloop.adapters.aws_errors import aws_errors
from lambdaloop.adapters.lambda_publisher import pin_in
from lambdaloop.domain.errors import LambdaVersionDeletedError, ReleaseNotReadyError
from lambdaloop.domain.release import ReleasePin
from lambdaloop.domain.traffic import PublishedVersion

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

_LATEST = "$LATEST"


class _InUseError(Exception):
    """An alias sends requests to the version."""


class _AbsentError(Exception):
    """There is no such version."""


class LambdaVersions:
    """Versions of one function. IAM: see LambdaTraffic."""

    def __init__(self, function: str, client: "LambdaClient") -> None:
        self._function = function
        self._client = client

    def pin_of(self, lambda_version: str) -> ReleasePin | None:
        """What a version serves; LambdaVersionDeletedError, ReleaseNotReadyError when it cannot be invoked now."""
        where = f"version {lambda_version} of function {self._function}"
        gone = LambdaVersionDeletedError(f"{where} does not exist any more")
        with aws_errors({"ResourceNotFoundException": gone}):
            answer = self._client.get_function_configuration(
                FunctionName=self._function, Qualifier=lambda_version
            )
        state = answer.get("State", "Active")
        if state != "Active":
            raise ReleaseNotReadyError(
                f"{where} is {state} and cannot answer now: wake it with `aws lambda invoke --function-name "
                f"{self._function}:{lambda_version} /dev/null` and try again when it is Active"
            )
        return pin_in(dict(answer))

    def published(self) -> Sequence[PublishedVersion]:
        """Every version that exists, the bootstrap version among them."""
        pages = self._client.get_paginator("list_versions_by_function").paginate(FunctionName=self._function)
        found = []
        with aws_errors():
            for entry in (entry for page in pages for entry in page["Versions"]):
                if entry["Version"] != _LATEST:
                    pin = pin_in(dict(entry))
                    found.append(
                        PublishedVersion(
                            lambda_version=entry["Version"], release=None if pin is None else pin.release
                        )
                    )
        return found

    def delete(self, lambda_version: str) -> bool:
        """Delete a version, if it is there; False, and it stays, when an alias sends requests to it."""
        if not lambda_version.isdecimal():
            raise ValueError(f"only published versions are deleted, got {lambda_version!r}")
        try:
            with aws_errors(
                {"ResourceConflictException": _InUseError(), "ResourceNotFoundException": _AbsentError()}
            ):
                self._client.delete_function(FunctionName=self._function, Qualifier=lambda_version)
        except _InUseError:
            return False
        except _AbsentError:
            pass  # a run before this one deleted it
        return True
