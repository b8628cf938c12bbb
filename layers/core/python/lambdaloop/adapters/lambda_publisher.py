"""Turns the deployed code and a pin into exactly one published Lambda version, however often it is asked."""

import json
from typing import TYPE_CHECKING, Any

from lambdaloop.adapters.aws_errors import aws_errors
from lambdaloop.domain.documents import from_document
from lambdaloop.domain.errors import ReleaseNotReadyError, VerificationFailedError
from lambdaloop.domain.release import ReleasePin, pin_text
from lambdaloop.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

    Configuration = dict[str, Any]


class LambdaPublisher:
    """Publishes versions of one function.

    Lambda prepares a changed function for some seconds, in which it can be neither changed nor published. Instead of waiting
    here, each call goes as far as it can and raises ReleaseNotReadyError; the workflow calls again. Every write names the
    revision that was read, so a deployment in between is noticed and never overwritten.
    """

    def __init__(self, function: str, client: "LambdaClient") -> None:
        self._function = function
        self._client = client

    def publish(self, pin: ReleasePin) -> str:
        """The Lambda version that carries the pin."""
        if (published := self._published(pin)) is not None:
            return published
        with aws_errors():
            configuration: Configuration = dict(
                self._client.get_function_configuration(FunctionName=self._function)
            )
        self._check_settled(configuration)
        if pin_in(configuration) != pin:
            configuration = self._set_pin(configuration, pin)
            self._check_settled(configuration)
        with aws_errors(self._not_now()):
            answer = self._client.publish_version(
                FunctionName=self._function,
                RevisionId=configuration["RevisionId"],
                CodeSha256=configuration["CodeSha256"],
                Description=f"release {pin.release}: {pin.model} version {pin.version}",
            )
        return answer["Version"]

    def _published(self, pin: ReleasePin) -> str | None:
        """The version that a call before this one published, though its caller may never have heard of it."""
        pages = self._client.get_paginator("list_versions_by_function").paginate(FunctionName=self._function)
        with aws_errors():
            versions: list[Configuration] = [dict(entry) for page in pages for entry in page["Versions"]]
        for version in reversed(versions):
            if version["Version"] != "$LATEST" and pin_in(version) == pin:
                return str(version["Version"])
        return None

    def _set_pin(self, configuration: "Configuration", pin: ReleasePin) -> "Configuration":
        variables = {**_variables(configuration), **Settings(pin=pin_text(pin)).to_env()}
        with aws_errors(self._not_now()):
            return dict(
                self._client.update_function_configuration(
                    FunctionName=self._function,
                    Environment={"Variables": variables},
                    RevisionId=configuration["RevisionId"],
                )
            )

    def _check_settled(self, configuration: "Configuration") -> None:
        status, reason = configuration.get("LastUpdateStatus"), configuration.get("LastUpdateStatusReason")
        if status == "Failed":
            raise VerificationFailedError(
                f"Lambda could not apply the last change of function {self._function}: {reason}: deploy it again"
            )
        if status == "InProgress" or configuration.get("State") == "Pending":
            raise ReleaseNotReadyError(f"Lambda is still applying a change of function {self._function}")

    def _not_now(self) -> dict[str, Exception]:
        return {
            "PreconditionFailedException": ReleaseNotReadyError(
                f"function {self._function} changed meanwhile: it is read again"
            ),
            "ResourceConflictException": ReleaseNotReadyError(
                f"Lambda is still applying a change of function {self._function}"
            ),
        }


def _variables(configuration: "Configuration") -> dict[str, str]:
    return dict(configuration.get("Environment", {}).get("Variables", {}))


def pin_in(configuration: "Configuration") -> ReleasePin | None:
    """None without a pin that this code can read: then it is not the wanted one, which was written by this code."""
    text = Settings.from_env(_variables(configuration)).pin
    if text is None:
        return None
    try:
        return from_document(ReleasePin, json.loads(text))
    except ValueError:
        return None
