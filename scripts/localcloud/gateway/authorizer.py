"""Lambda authorizers: functions that are asked whether a request may go on (REQUEST, payload format 2.0, simple responses).

What AWS documents: without an identity source the answer is 401 and nobody is asked; an answer is kept for as long as the
authorizer says, by the values of its identity sources; a function that fails, or that API Gateway may not invoke, is a 500.
"""

import json
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scripts.localcloud.clock import VirtualClock
from scripts.localcloud.gateway.call import Call
from scripts.localcloud.gateway.event import authorizer_event
from scripts.localcloud.gateway.exchange import HttpReply, message
from scripts.localcloud.gateway.integration import PRINCIPAL, function_of
from scripts.localcloud.lambda_host import FunctionName, LambdaApiError, LambdaHost, parse_name
from scripts.localcloud.lambda_host.errors import NotEmulatedError
from scripts.localcloud.lambda_host.permissions import may_invoke

logger = logging.getLogger(__name__)

_HEADER, _QUERY = "$request.header.", "$request.querystring."


@dataclass(frozen=True, slots=True)
class _Answer:
    allowed: bool
    context: Mapping[str, Any] | None


class AuthorizerFailedError(Exception):
    """The authorizer could not be asked, or did not answer as it must."""


def check_emulated(settings: Mapping[str, Any]) -> None:
    """NotEmulatedError for an authorizer that would be something else here than in AWS."""
    sources = settings.get("identitySource") or []
    if (
        settings.get("authorizerType") != "REQUEST"
        or settings.get("authorizerPayloadFormatVersion") != "2.0"
        or not settings.get("enableSimpleResponses")
        or settings.get("authorizerCredentialsArn")
        or not sources
        or not all(source.startswith((_HEADER, _QUERY)) for source in sources)
    ):
        raise NotEmulatedError(
            "JWT authorizers, and Lambda authorizers other than those with payload format 2.0, simple responses and headers "
            "or query parameters as their identity sources"
        )


@dataclass(slots=True)
class LambdaAuthorizers:
    """Asks the functions of all APIs, and remembers what they said."""

    host: LambdaHost
    clock: VirtualClock
    _kept: dict[tuple[str, ...], tuple[float, _Answer]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def refusal(self, call: Call) -> HttpReply | None:
        """The answer to a request that may not go on; for one that may, the call gets the authorizer's context."""
        authorizer: Any = call.api.authorizers.get(call.match.route.authorizer_id) if call.match else None
        if authorizer is None:
            return _refuse(call, 500, "Internal Server Error", "the route has no authorizer")
        identity = [_value(call, source) for source in authorizer.identity_source]
        if not all(identity):
            return _refuse(call, 401, "Unauthorized", None)
        try:
            answer = self._answer(call, authorizer, [str(each) for each in identity])
        except AuthorizerFailedError as error:
            logger.warning("%s %s: %s", call.request.method, call.raw_path, error)
            return _refuse(call, 500, "Internal Server Error", str(error))
        call.authorizer_context = answer.context or {}
        return None if answer.allowed else _refuse(call, 403, "Forbidden", None)

    def _answer(self, call: Call, authorizer: Any, identity: list[str]) -> _Answer:
        seconds = int(authorizer.auth_result_ttl or 0)
        key, now = (call.api.api_id, authorizer.id, *identity), self.clock.time()
        with self._lock:
            until, kept = self._kept.get(key, (now, None))
        if seconds and kept and now < until:
            return kept
        answer = self._ask(call, authorizer, identity)
        if seconds:
            with self._lock:
                self._kept[key] = now + seconds, answer
        return answer

    def _ask(self, call: Call, authorizer: Any, identity: list[str]) -> _Answer:
        name = parse_name(function_of(str(authorizer.authorizer_uri)))
        try:
            owner = self.host.find(FunctionName(name.name))
            if not may_invoke(owner, name, service=PRINCIPAL, source_arn=call.authorizer_arn(authorizer.id)):
                raise AuthorizerFailedError(f"API Gateway has no permission to invoke {name.arn}")
            outcome = self.host.invoke(name.arn, authorizer_event(call, identity))
        except LambdaApiError as error:
            raise AuthorizerFailedError(error.message) from error
        if outcome.failed:
            raise AuthorizerFailedError("the authorizer failed")
        result = json.loads(outcome.payload or b"null")
        allowed = result.get("isAuthorized") if isinstance(result, dict) else None
        if not isinstance(allowed, bool):
            raise AuthorizerFailedError("the authorizer did not say whether isAuthorized is true or false")
        return _Answer(allowed, result.get("context"))


def _value(call: Call, source: str) -> str | None:
    if source.startswith(_HEADER):
        return call.request.header(source.removeprefix(_HEADER).lower())
    return call.query_parameters.get(source.removeprefix(_QUERY))


def _refuse(call: Call, status: int, text: str, reason: str | None) -> HttpReply:
    call.error, call.authorizer_error = text, reason
    return message(status, text)
