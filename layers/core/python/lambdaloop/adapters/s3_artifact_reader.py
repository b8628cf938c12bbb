"""Reads one artifact with the standard library only: boto3 would be a third of an inference function's cold start."""

import http.client
import os
import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from lambdaloop.adapters.aws_credentials import find_credentials
from lambdaloop.adapters.sigv4 import signed_headers
from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.artifact_check import check_content, check_size
from lambdaloop.domain.errors import ArtifactMissingError, BackendUnavailableError

_SECONDS = 2.5
"""For connecting and for each read: all attempts together stay below the 10 seconds of Lambda's init phase."""
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
    ) -> None:
        self._bucket = bucket
        self._environment = os.environ if environment is None else environment
        self._pause = pause

    def get(self, artifact: Artifact) -> bytes:
        """Read and check.

        Raises ArtifactMissingError, ArtifactCorruptError (wrong size or sha256), or BackendUnavailableError after three
        attempts.
        """
        failure: Exception | None = None
        for delay in _DELAYS:
            if delay:
                self._pause(delay * random.uniform(0.5, 1))  # noqa: S311  (spreads retries, no secret)
            try:
                return self._read(artifact)
            except (_TryAgainError, OSError, http.client.HTTPException) as error:
                failure = error
        raise BackendUnavailableError(
            f"{self._name(artifact)} could not be read in {len(_DELAYS)} attempts: {failure!r}: try again"
        ) from failure

    def _read(self, artifact: Artifact) -> bytes:
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
        connection = connect(host, timeout=_SECONDS)
        try:
            connection.request("GET", f"{path}?{query}", headers=dict(headers))
            response = connection.getresponse()
            self._check_status(response, artifact)
            content = response.read()
        finally:
            connection.close()
        check_content(artifact, content, where=self._name(artifact))
        return content

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
