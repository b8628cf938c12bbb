"""Reads one artifact with the standard library only: boto3 would be a third of an inference function's cold start."""

import http.client
import os
import random
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from lambdaloop.adapters.aws_credentials import find_credentials
from lambdaloop.adapters.sigv4 import signed_headers
from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.artifact_check import check_content, check_size
from lambdaloop.domain.errors import ArtifactMissingError, BackendUnavailableError

_ALL_SECONDS = 8.0
"""For all attempts together: below the 10 seconds of Lambda's init phase, with some left for loading the model."""
_SECONDS = 2.5
"""For connecting and for each wait for bytes, or what is left of the seconds for all."""
_CHUNK = 256 * 1024
_DELAYS = (0, 0.2, 0.5)
"""Seconds before each attempt."""
_ABSENT = frozenset({403, 404, 405})  # S3 hides absence from who may not list, and a delete marker is 405
_RETRIED = frozenset({429, 500, 502, 503, 504})


class _TryAgainError(Exception):
    """The next attempt may succeed."""


class S3ArtifactReader:
    """The port ArtifactReader. IAM: s3:GetObjectVersion."""

    def __init__(
        self,
        *,
        bucket: str,
        environment: Mapping[str, str] | None = None,
        pause: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bucket = bucket
        self._environment = os.environ if environment is None else environment
        self._pause = pause
        self._monotonic = monotonic

    def get(self, artifact: Artifact) -> bytes:
        """Read and check.

        Raises ArtifactMissingError, ArtifactCorruptError (wrong size or sha256), or BackendUnavailableError after three
        attempts or 8 seconds.
        """
        deadline = self._monotonic() + _ALL_SECONDS
        failure: Exception | None = None
        for delay in _DELAYS:
            if delay:
                self._pause(delay * random.uniform(0.5, 1))  # noqa: S311  (spreads retries, no secret)
            try:
                return self._read(artifact, deadline)
            except (_TryAgainError, OSError, http.client.HTTPException) as error:
                failure = error
            if self._monotonic() >= deadline:
                break
        raise BackendUnavailableError(
            f"{self._name(artifact)} could not be read in {len(_DELAYS)} attempts or {_ALL_SECONDS:g} seconds: "
            f"{failure!r}: try again"
        ) from failure

    def _read(self, artifact: Artifact, deadline: float) -> bytes:
        secure, host, prefix = self._address()
        path, query = prefix + quote(f"/{artifact.key}"), f"versionId={quote(artifact.version_id, safe='')}"
        headers = signed_headers(
            host=host,
            path=path,
            query=query,
            region=self._environment["AWS_REGION"],
            credentials=find_credentials(self._environment),
            at=datetime.now(UTC),
        )
        connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = connect(host, timeout=self._patience(deadline))
        try:
            connection.request("GET", f"{path}?{query}", headers=dict(headers))
            wire = connection.sock  # which the connection forgets once the answer is the last one on it
            with connection.getresponse() as response:
                self._check_status(response, artifact)
                content = b"".join(self._chunks(response, wire, deadline))
        finally:
            connection.close()
        if len(content) < artifact.size:
            raise http.client.IncompleteRead(content, artifact.size - len(content))
        check_content(artifact, content, where=self._name(artifact))
        return content

    def _patience(self, deadline: float) -> float:
        """How long the next wait may take; TimeoutError when no time is left."""
        left = deadline - self._monotonic()
        if left <= 0:
            raise TimeoutError(f"not done within {_ALL_SECONDS:g} seconds")
        return min(_SECONDS, left)

    def _chunks(
        self, response: http.client.HTTPResponse, wire: socket.socket, deadline: float
    ) -> Iterator[bytes]:
        """The body as it comes in: a store that sends a few bytes at a time would make one long read endless."""
        while (
            not response.isclosed()
        ):  # newer Pythons close it, and the wire with it, right after the last byte
            wire.settimeout(self._patience(deadline))
            chunk = response.read1(_CHUNK)
            if not chunk:
                return
            yield chunk

    def _check_status(self, response: http.client.HTTPResponse, artifact: Artifact) -> None:
        if response.status == 200:
            check_size(artifact, response.length or 0, where=self._name(artifact))
            return
        problem = f"S3 answered {response.status}: {response.read(2000).decode(errors='replace')}"
        if response.status in _RETRIED:
            raise _TryAgainError(problem)
        if response.status in _ABSENT:
            raise ArtifactMissingError(
                f"{self._name(artifact)} is not there, or this role may not read it: {problem}"
            )
        raise BackendUnavailableError(f"{self._name(artifact)} could not be read: {problem}")

    def _address(self) -> tuple[bool, str, str]:
        """Whether TLS is spoken, the host, and what comes before the key in the path."""
        environment = self._environment
        endpoint = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL")
        if endpoint:
            parts = urlsplit(endpoint)
            return parts.scheme == "https", parts.netloc, f"{parts.path.rstrip('/')}/{self._bucket}"
        region = environment["AWS_REGION"]
        suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        return True, f"{self._bucket}.s3.{region}.{suffix}", ""

    def _name(self, artifact: Artifact) -> str:
        return f"s3://{self._bucket}/{artifact.key} (version {artifact.version_id})"
