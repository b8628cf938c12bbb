"""Looks stored features up with the standard library only: boto3 would be a third of an inference function's cold start.

Connections stay open. Batches are read side by side on threads of their own, and whoever asks waits for a given time and no longer, whatever hangs:
also finding the address of a host can hang, which no socket's timeout bounds.
"""

import http.client
import json
import logging
import os
import random
import ssl
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from lambdaloop.adapters.aws_credentials import find_credentials
from lambdaloop.adapters.sigv4 import signed_headers
from lambdaloop.domain.errors import BackendUnavailableError
from lambdaloop.domain.stored_features import read_time, read_values
from lambdaloop.ports.features import Found, LookUp

_KEYS_AT_ONCE = 100
"""The most that DynamoDB takes."""
_SIDE_BY_SIDE = 8
_ATTEMPTS = 4
"""Of one batch, as long as there is time; what DynamoDB leaves over is asked for without end, in that time."""
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.01, 0.2
_CHUNK = 64 * 1024
_THROTTLED = ("ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded")

logger = logging.getLogger("lambdaloop.inference")


class _TryAgainError(Exception):
    """The next attempt may succeed."""


class _NoUseError(Exception):
    """Another attempt would not succeed either."""


class DynamoFeatureReader:
    """The port FeatureReader. IAM: dynamodb:BatchGetItem."""

    def __init__(
        self,
        *,
        table: str,
        environment: Mapping[str, str] | None = None,
        pause: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._table = table
        self._environment = os.environ if environment is None else environment
        self._pause = pause
        self._monotonic = monotonic
        self._threads = ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="look-up")
        self._idle: list[http.client.HTTPConnection] = []
        """Open connections; the one that was used last is used next."""
        self._trust: ssl.SSLContext | None = None

    def read(self, keys: Collection[str], *, seconds: float) -> LookUp:
        """Whatever becomes of the store, an answer within that many seconds; no error of it is raised."""
        deadline = self._monotonic() + seconds
        wanted = sorted(set(keys))
        batches = [wanted[start : start + _KEYS_AT_ONCE] for start in range(0, len(wanted), _KEYS_AT_ONCE)]
        asked = [self._threads.submit(self._batch, few, deadline) for few in batches]
        wait(asked, timeout=seconds)
        found: dict[str, Found] = {}
        unread: set[str] = set()
        for few, future in zip(batches, asked, strict=True):
            if future.done():
                read, left = future.result()
                found |= read
                unread |= left
            else:
                future.cancel()
                unread |= set(few)
        return LookUp(found=found, unread=unread)

    def close(self) -> None:
        """Let go of threads and connections."""
        self._threads.shutdown()
        while self._idle:
            self._idle.pop().close()

    def _batch(self, keys: Sequence[str], deadline: float) -> tuple[dict[str, Found], set[str]]:
        """What is stored, and the keys about which there was no answer."""
        found: dict[str, Found] = {}
        left, failures, rounds = set(keys), 0, 0
        while left and self._monotonic() < deadline:
            if rounds:
                longest = min(_FIRST_WAIT_SECONDS * 2**rounds, _LONGEST_WAIT_SECONDS)
                self._pause(min(random.uniform(0, longest), max(0.0, deadline - self._monotonic())))  # noqa: S311
            rounds += 1
            try:
                read, left = self._ask(sorted(left), deadline)
                found |= read
            except _NoUseError as error:
                logger.error("stored features cannot be read: %s", error)  # noqa: TRY400  (its message says all)
                break
            except (_TryAgainError, OSError, http.client.HTTPException, BackendUnavailableError) as error:
                failures += 1
                if failures == _ATTEMPTS or self._monotonic() >= deadline:
                    logger.warning("stored features could not be read: %r", error)
                    break
        return found, left

    def _ask(self, keys: Sequence[str], deadline: float) -> tuple[dict[str, Found], set[str]]:
        asked = {
            "Keys": [{"pk": {"S": key}} for key in keys],
            "ProjectionExpression": "pk, event_time, #values",
            "ExpressionAttributeNames": {"#values": "values"},  # a word that DynamoDB keeps for itself
        }
        body = json.dumps({"RequestItems": {self._table: asked}}).encode()
        try:
            answer = json.loads(self._post(body, deadline))
            items = answer["Responses"].get(self._table, [])
            found = {item["pk"]["S"]: one for item in items if (one := _found(item)) is not None}
            over = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
            return found, {key["pk"]["S"] for key in over}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _TryAgainError(f"DynamoDB's answer cannot be read: {error!r}") from error

    def _post(self, body: bytes, deadline: float) -> bytes:
        secure, host = self._address()
        headers = signed_headers(
            host=host,
            path="/",
            query="",
            region=self._environment["AWS_REGION"],
            credentials=find_credentials(self._environment),
            at=datetime.now(UTC),
            service="dynamodb",
            method="POST",
            body=body,
            headers={
                "content-type": "application/x-amz-json-1.0",
                "x-amz-target": "DynamoDB_20120810.BatchGetItem",
            },
        )
        while True:
            connection, is_used = self._connection(secure, host, deadline)
            with ExitStack() as failing:
                failing.callback(connection.close)
                try:
                    connection.request("POST", "/", body=body, headers=dict(headers))
                    response = connection.getresponse()
                    content = self._content(connection, response, deadline)
                except ConnectionError:
                    if is_used:
                        continue  # the other side closed a connection that was idle, which is no failure
                    raise
                failing.pop_all()
            if connection.sock is not None:  # else the answer said that it was the last one
                self._idle.append(connection)
            _check_status(response.status, content)
            return content

    def _content(
        self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse, deadline: float
    ) -> bytes:
        """The body as it comes in: some bytes at a time would make one long read endless."""
        chunks = []
        wire = connection.sock
        while not response.isclosed():
            if wire is not None:
                wire.settimeout(self._patience(deadline))
            chunk = response.read1(_CHUNK)
            if not chunk:
                break
            chunks.append(chunk)
        response.close()  # older Pythons do not see that it is at its end, and would take no other request
        return b"".join(chunks)

    def _connection(
        self, secure: bool, host: str, deadline: float
    ) -> tuple[http.client.HTTPConnection, bool]:
        """One that is open, or a new one; and whether it was used before."""
        patience = self._patience(deadline)
        with suppress(IndexError):  # another thread may be faster
            known = self._idle.pop()
            known.sock.settimeout(patience)
            return known, True
        if secure:
            self._trust = self._trust or ssl.create_default_context()  # reads all the certificates there are
            return http.client.HTTPSConnection(host, timeout=patience, context=self._trust), False
        return http.client.HTTPConnection(host, timeout=patience), False

    def _patience(self, deadline: float) -> float:
        """How long the next wait may take; TimeoutError when no time is left."""
        left = deadline - self._monotonic()
        if left <= 0:
            raise TimeoutError("not done in the time there was")
        return left

    def _address(self) -> tuple[bool, str]:
        """Whether TLS is spoken, and the host."""
        environment = self._environment
        endpoint = environment.get("AWS_ENDPOINT_URL_DYNAMODB") or environment.get("AWS_ENDPOINT_URL")
        if endpoint:
            parts = urlsplit(endpoint)
            return parts.scheme == "https", parts.netloc
        region = environment["AWS_REGION"]
        suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        return True, f"dynamodb.{region}.{suffix}"


def _found(item: Mapping[str, Any]) -> Found | None:
    """None for an item that nobody put as it is: one that was edited by hand must not spoil the others of its batch."""
    try:
        return Found(event_time=read_time(item["event_time"]["S"]), values=read_values(item["values"]["S"]))
    except (KeyError, ValueError) as error:
        logger.warning("an item of the feature table cannot be read: %s", type(error).__name__)
        return None


def _check_status(status: int, content: bytes) -> None:
    if status == 200:
        return
    problem = f"DynamoDB answered {status}: {content[:500].decode(errors='replace')}"
    if status >= 500 or any(kind in problem for kind in _THROTTLED):
        raise _TryAgainError(problem)
    raise _NoUseError(problem)
