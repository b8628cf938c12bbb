"""How a command that failed ends: one line with what happened, one with the command to type next, and an exit status.

0: done. 1: refused, failed, or not there. 2: the command line was not understood. 3: AWS could not be asked. 130: interrupted.
"""

from collections.abc import Callable, Mapping

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004  (botocore's, of which all that fail to connect are)
    NoCredentialsError,
    NoRegionError,
)

from lambdaloop.domain import errors
from lambdaloop.domain.stage import ONLY, Stage

FAILED, UNREACHABLE = 1, 3
_REFUSED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"}

Failure = errors.LambdaloopError | ClientError | BotoCoreError

_LOOK: Mapping[type[Exception], str] = {
    errors.VersionNotFoundError: "versions list",
    errors.RunNotFoundError: "runs list",
    errors.ReleaseNotFoundError: "releases list",
    errors.ReleaseStateError: "releases list",
    errors.ReleaseInProgressError: "releases list",
    errors.NothingToReturnToError: "releases list",
    errors.ModelNotReleasedError: "releases list",
    errors.RoutingChangedError: "rollback",
    errors.ExperimentNotFoundError: "experiment list",
    errors.ExperimentRunningError: "experiment status",
    errors.ExperimentStateError: "experiment status",
    errors.DecisionNotFoundError: "decisions list",
    errors.WindowNotFoundError: "windows list",
    errors.DatasetEmptyError: "data list",
}
"""Where to look after an error about a model."""


def status_of(error: Failure) -> int:
    """The exit status."""
    if isinstance(error, ClientError):
        return UNREACHABLE if error.response["Error"]["Code"] in _REFUSED | _EXPIRED else FAILED
    return UNREACHABLE if isinstance(error, BotoCoreError) else FAILED


def next_step(error: Failure, *, model: str | None, local: bool, names: Stage = ONLY) -> str | None:
    """A command to type next; None when the message names one already, or when there is none to name.

    model: the one that the command was about, if it is known. local: whether the local cloud was asked.
    names: of the stage that it was about.
    """
    if "`" in str(error):
        return None
    if isinstance(error, NoRegionError):
        return "export AWS_REGION=REGION"
    if isinstance(error, NoCredentialsError):
        return names.command("doctor")
    if isinstance(error, ConnectionError) and local:
        return "lambdaloop local up"
    if isinstance(error, ClientError | BotoCoreError):
        return names.command("doctor")
    looks: Callable[[type[Exception]], str | None] = _LOOK.get
    command = next((found for each in type(error).__mro__ if (found := looks(each))), None)
    return names.command(f"{command} {model or 'MODEL'}") if command else None
