"""The wire between botocore and an AWS in memory, and the four ways in which it fails.

Everything above the wire is real: serialisation, signing, botocore's retries, error parsing. Below it lie moto and, for
Lambda, `LambdaApi`; one request at a time, as moto needs it. A fault strikes at a request:

reject        AWS refuses; nothing is applied
lose_answer   AWS applies; the caller sees a failure (a lost acknowledgement)
lose_request  the connection breaks before anything arrives
crash         the process dies at call k, just before it is sent or just after it was applied
"""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any, Literal

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from moto.core.botocore_stubber import BotocoreStubber

from tests.contract.lambda_api import LambdaApi

Fault = Callable[[str, AWSPreparedRequest], AWSResponse | None]
"""Called with operation and request; answers in AWS's place, raises, or returns None to let the request through."""

_READS = {
    "GetItem",
    "Query",
    "GetObject",
    "GetAlias",
    "GetFunctionConfiguration",
    "ListVersionsByFunction",
    "Invoke",
}


class CrashError(BaseException):
    """The process is gone: no handler of ours may run (botocore and we catch Exception at most)."""


class Wire:
    """Carries the requests of all attached clients and remembers their operations."""

    def __init__(self, lambda_api: LambdaApi | None = None) -> None:
        self.calls: list[str] = []
        """`service.Operation` of every request, retries included."""
        self._lambda_api = lambda_api or LambdaApi()
        self._moto = BotocoreStubber()
        self._lock = RLock()
        self._faults: list[Fault] = []
        self._hold: Callable[[str], None] = _pass

    @contextmanager
    def attached(self, *clients: Any) -> Iterator["Wire"]:
        """Let these clients talk through this wire."""
        for client in clients:
            client.meta.events.register_first("before-send", self._carry, unique_id="wire")
        try:
            yield self
        finally:
            for client in clients:
                client.meta.events.unregister("before-send", self._carry, unique_id="wire")

    @contextmanager
    def failing(self, fault: Fault) -> Iterator[None]:
        """Let the fault strike while the block runs."""
        self._faults.append(fault)
        try:
            yield
        finally:
            self._faults.remove(fault)

    @contextmanager
    def holding(self, hold: Callable[[str], None]) -> Iterator[None]:
        """Call `hold` with the operation before each request takes its turn: it may wait for other threads."""
        self._hold = hold
        try:
            yield
        finally:
            self._hold = _pass

    def deliver(self, operation: str, request: AWSPreparedRequest) -> AWSResponse:
        """Apply the request and return AWS's answer."""
        if operation.startswith("lambda."):
            return response(request, *self._lambda_api.answer(operation, request))
        answer = self._moto.process_request(request)
        assert answer is not None
        return response(request, *answer)

    def _carry(self, request: AWSPreparedRequest, event_name: str, **_: Any) -> AWSResponse:
        operation = event_name.removeprefix("before-send.")
        self._hold(operation)
        with self._lock:
            self.calls.append(operation)
            for fault in self._faults:
                if (answer := fault(operation, request)) is not None:
                    return answer
            return self.deliver(operation, request)


def _pass(operation: str) -> None:
    """No waiting."""


def reject(operation: str, code: str, *, times: int | None = None, status: int = 400) -> Fault:
    """Refuse the operation with this error code, the first `times` times or always."""
    return _strikes(operation, times, lambda request: response(request, status, *_error(code)))


def lose_request(operation: str, *, times: int | None = None) -> Fault:
    """Break the connection before the request arrives."""

    def broken(request: AWSPreparedRequest) -> AWSResponse:
        raise ConnectionClosedError(endpoint_url=request.url)

    return _strikes(operation, times, broken)


def lose_answer(wire: Wire, operation: str, *, times: int | None = None, status: int | None = None) -> Fault:
    """Apply the request and answer with a failure: this status, or silence."""

    def lost(request: AWSPreparedRequest) -> AWSResponse:
        wire.deliver(operation, request)
        if status is not None:
            return response(request, status, *_error("InternalServerError"))
        raise ReadTimeoutError(endpoint_url=request.url)

    return _strikes(operation, times, lost)


def crash(wire: Wire, *, call: int, when: Literal["before", "after"], writes: bool = False) -> Fault:
    """End the process at the call-th request (or writing request) from now on, counted from 1."""
    seen = 0

    def strike(operation: str, request: AWSPreparedRequest) -> None:
        nonlocal seen
        if writes and operation.split(".")[1] in _READS:
            return
        seen += 1
        if seen == call:
            if when == "after":
                wire.deliver(operation, request)
            raise CrashError(f"{when} {operation}")

    return strike


def response(request: AWSPreparedRequest, status: int, headers: Any, body: str | bytes) -> AWSResponse:
    """What botocore makes of bytes from the network."""
    raw: Any = _Body(body.encode() if isinstance(body, str) else body)
    return AWSResponse(request.url, status, headers, raw)


class _Body(io.BytesIO):
    """The part of a urllib3 response that botocore reads."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        while chunk := self.read(65_536):
            yield chunk


def _strikes(wanted: str, times: int | None, strike: Callable[[AWSPreparedRequest], AWSResponse]) -> Fault:
    left = times

    def fault(operation: str, request: AWSPreparedRequest) -> AWSResponse | None:
        nonlocal left
        if operation != wanted or left == 0:
            return None
        left = None if left is None else left - 1
        return strike(request)

    return fault


def _error(code: str) -> tuple[dict[str, str], str]:
    return {"x-amzn-errortype": code}, json.dumps({"__type": code, "message": f"injected {code}"})
