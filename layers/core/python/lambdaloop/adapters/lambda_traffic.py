"""The inference function's published versions and the weights of its live alias."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lambdaloop.adapters.aws_client import aws_client
from lambdaloop.adapters.aws_errors import aws_errors
from lambdaloop.adapters.lambda_publisher import LambdaPublisher
from lambdaloop.adapters.lambda_versions import LambdaVersions
from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import (
    LambdaVersionDeletedError,
    ReleaseNotReadyError,
    RoutingChangedError,
    VerificationFailedError,
)
from lambdaloop.domain.release import ReleasePin
from lambdaloop.domain.traffic import PublishedVersion, Routing
from lambdaloop.settings import LIVE_ALIAS

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.type_defs import AliasConfigurationResponseTypeDef

_READ_SECONDS = 5
"""For all but invocations: four tries of it fit into a step of a minute."""
_LONGEST_INVOCATION_SECONDS = 35  # an inference function answers within 29


class LambdaTraffic:
    """The port Traffic.

    IAM: routing lambda:GetAlias; route lambda:UpdateAlias; publish lambda:ListVersionsByFunction, GetFunctionConfiguration,
    UpdateFunctionConfiguration and PublishVersion; published lambda:ListVersionsByFunction; on versions (`function:NAME:*`)
    check_ready and pin_of lambda:GetFunctionConfiguration, invoke lambda:InvokeFunction, delete lambda:DeleteFunction.
    """

    def __init__(self, *, function: str, client: "LambdaClient | None" = None) -> None:
        self._function = function
        self._client: LambdaClient = client or aws_client("lambda", read_seconds=_READ_SECONDS)
        # Tried once: whoever asks knows what it means that Lambda has no room, and a step has no time for two that are late.
        self._invoking: LambdaClient = client or aws_client(
            "lambda", read_seconds=_LONGEST_INVOCATION_SECONDS, attempts=1
        )

    def routing(self) -> Routing:
        """Where requests go now."""
        with aws_errors():
            return _routing(self._client.get_alias(FunctionName=self._function, Name=LIVE_ALIAS))

    def route(
        self,
        routing: Routing,
        *,
        stable: str,
        candidate: str | None = None,
        weight: float = 0.0,
        note: str = "",
    ) -> Routing:
        """Change the routing that was read as `routing`, and the note at it; RoutingChangedError when somebody was faster.

        LambdaVersionDeletedError when one of the versions does not exist.
        """
        # An absent RoutingConfig would leave the old weights in place, so an empty one is sent.
        weights = {} if candidate is None else {candidate: weight}
        changed = RoutingChangedError(
            f"alias {LIVE_ALIAS} of function {self._function} changed since it was read: read it again"
        )
        missing = LambdaVersionDeletedError(
            f"alias {LIVE_ALIAS} of function {self._function} cannot send requests to version {stable}"
            f"{f' or {candidate}' if candidate else ''}: there is none"
        )
        codes = {
            "PreconditionFailedException": changed,
            "ResourceConflictException": changed,
            "ResourceNotFoundException": missing,
        }
        with aws_errors(codes):
            answer = self._client.update_alias(
                FunctionName=self._function,
                Name=LIVE_ALIAS,
                FunctionVersion=stable,
                Description=note,
                RoutingConfig={"AdditionalVersionWeights": weights},
                RevisionId=routing.revision,
            )
        return _routing(answer)

    def publish(self, pin: ReleasePin) -> str:
        """Publish the deployed code with this pin; the Lambda version that already has it is returned as it is.

        ReleaseNotReadyError while Lambda is still working on the function: ask again.
        """
        return LambdaPublisher(self._function, self._client).publish(pin)

    def check_ready(self, lambda_version: str) -> None:
        """ReleaseNotReadyError until the version can be invoked; VerificationFailedError when it never will."""
        where = f"version {lambda_version} of function {self._function}"
        gone = VerificationFailedError(f"{where} does not exist: start a new release")
        with aws_errors({"ResourceNotFoundException": gone}):
            answer = self._client.get_function_configuration(
                FunctionName=self._function, Qualifier=lambda_version
            )
        state = answer.get("State", "Active")
        if state == "Failed":
            raise VerificationFailedError(f"Lambda could not prepare {where}: {answer.get('StateReason')}")
        if state != "Active":
            raise ReleaseNotReadyError(f"{where} is {state}: ask again")

    def invoke(self, lambda_version: str, event: Document) -> Document:
        """Send one event to that very version; VerificationFailedError when the function fails."""
        with aws_errors():
            answer = self._invoking.invoke(
                FunctionName=self._function, Qualifier=lambda_version, Payload=json.dumps(event).encode()
            )
            payload = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            problem = (
                f"{payload.get('errorType', answer['FunctionError'])}: {payload.get('errorMessage', payload)}"
            )
            raise VerificationFailedError(
                f"version {lambda_version} of function {self._function} failed: {problem}"
            )
        if not isinstance(payload, dict):
            raise VerificationFailedError(
                f"version {lambda_version} of function {self._function} answered {payload!r}, wanted an HTTP response"
            )
        return payload

    def pin_of(self, lambda_version: str) -> ReleasePin | None:
        """What a version serves, None for one without a pin; LambdaVersionDeletedError when there is no such version.

        ReleaseNotReadyError when it cannot be invoked now: Lambda puts a version with SnapStart to sleep after two weeks.
        """
        return LambdaVersions(self._function, self._client).pin_of(lambda_version)

    def published(self) -> Sequence[PublishedVersion]:
        """Every version that exists, the bootstrap version among them."""
        return LambdaVersions(self._function, self._client).published()

    def delete(self, lambda_version: str) -> bool:
        """Delete a version, if it is there; False, and it stays, when an alias sends requests to it."""
        return LambdaVersions(self._function, self._client).delete(lambda_version)


def _routing(alias: "AliasConfigurationResponseTypeDef") -> Routing:
    # Lambda leaves RoutingConfig out when there are no weights.
    weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    candidate, weight = next(iter(weights.items()), (None, 0.0))
    return Routing(
        stable=alias["FunctionVersion"],
        candidate=candidate,
        weight=weight,
        revision=alias["RevisionId"],
        note=alias.get("Description", ""),
    )
