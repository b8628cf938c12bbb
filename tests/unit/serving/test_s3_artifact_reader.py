import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from lambdaloop.adapters.aws_credentials import Credentials
from lambdaloop.adapters.s3_artifact_reader import S3ArtifactReader
from lambdaloop.adapters.sigv4 import signed_headers
from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.errors import ArtifactCorruptError, ArtifactMissingError, BackendUnavailableError
from tests.fakes.object_server import ObjectServer, serve_objects

CONTENT = b"the bundle" * 1000
ARTIFACT = Artifact(
    key="models/churn/artifacts/ab/bundle.zip",
    version_id="v+1/=",
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    size=len(CONTENT),
)
KEYS = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-west-1"}


@pytest.fixture
def bucket() -> Iterator[ObjectServer]:
    with serve_objects() as server:
        yield server


def _reader(
    bucket: ObjectServer,
    pauses: list[float] | None = None,
    monotonic: Callable[[], float] = time.monotonic,
    **environment: str,
) -> S3ArtifactReader:
    return S3ArtifactReader(
        bucket="models-1",
        environment={**KEYS, "AWS_ENDPOINT_URL": bucket.address, **environment},
        pause=(pauses if pauses is not None else []).append,
        monotonic=monotonic,
    )


@pytest.mark.parametrize("token", [None, "a session token"])
def test_the_signature_is_the_one_that_botocore_makes(token: str | None) -> None:
    headers = signed_headers(
        host="models-1.s3.eu-west-1.amazonaws.com",
        path="/models/churn/artifacts/ab/bundle.zip",
        query="versionId=v%2B1%2F%3D",
        region="eu-west-1",
        credentials=Credentials(access_key="AKID", secret_key="secret", session_token=token),
        at=datetime(2026, 3, 2, 9, 30, 1, tzinfo=UTC),
    )
    request = AWSRequest(
        "GET",
        "https://models-1.s3.eu-west-1.amazonaws.com/models/churn/artifacts/ab/bundle.zip?versionId=v%2B1%2F%3D",
        headers={"x-amz-content-sha256": headers["x-amz-content-sha256"]},
    )
    request.context["timestamp"] = headers["x-amz-date"]
    request.context["payload_signing_enabled"] = True
    signer = S3SigV4Auth(BotocoreCredentials("AKID", "secret", token), "s3", "eu-west-1")
    if token:
        request.headers["X-Amz-Security-Token"] = token
    canonical = signer.canonical_request(_with_date(request, headers["x-amz-date"]))
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    assert headers["authorization"].endswith(f"Signature={signature}")


def _with_date(request: AWSRequest, date: str) -> AWSRequest:
    request.headers["X-Amz-Date"] = date
    return request


@pytest.mark.localcloud
def test_one_object_version_is_read_signed_from_the_endpoint(bucket: ObjectServer) -> None:
    bucket.answers = [(200, CONTENT)]
    assert _reader(bucket, AWS_SESSION_TOKEN="token").get(ARTIFACT) == CONTENT
    [(path, headers)] = bucket.requests
    assert path == "/models-1/models/churn/artifacts/ab/bundle.zip?versionId=v%2B1%2F%3D"
    assert headers["x-amz-security-token"] == "token"
    assert re.match(
        r"AWS4-HMAC-SHA256 Credential=AKID/\d{8}/eu-west-1/s3/aws4_request", headers["authorization"]
    )


@pytest.mark.localcloud
def test_the_endpoint_of_s3_goes_before_the_general_one(bucket: ObjectServer) -> None:
    bucket.answers = [(200, CONTENT)]
    reader = _reader(bucket, AWS_ENDPOINT_URL="http://127.0.0.1:1", AWS_ENDPOINT_URL_S3=bucket.address)
    assert reader.get(ARTIFACT) == CONTENT


@pytest.mark.localcloud
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_store_is_asked_again_with_growing_pauses(bucket: ObjectServer, status: int) -> None:
    bucket.answers = [(status, b"slow down"), (status, b"slow down"), (200, CONTENT)]
    pauses: list[float] = []
    assert _reader(bucket, pauses).get(ARTIFACT) == CONTENT
    assert len(pauses) == 2
    assert 0 < pauses[0] < pauses[1] < 1


@pytest.mark.localcloud
def test_a_store_that_stays_busy_is_given_up_after_three_attempts(bucket: ObjectServer) -> None:
    bucket.answers = [(503, b"slow down")]
    with pytest.raises(BackendUnavailableError, match=r"in 3 attempts or 8 seconds: .*503: slow down"):
        _reader(bucket).get(ARTIFACT)
    assert len(bucket.requests) == 3


@pytest.mark.localcloud
def test_a_store_that_cannot_be_reached_is_given_up_too(bucket: ObjectServer) -> None:
    reader = _reader(bucket, AWS_ENDPOINT_URL="http://127.0.0.1:1")
    with pytest.raises(BackendUnavailableError, match="3 attempts"):
        reader.get(ARTIFACT)


class Seconds:
    """A clock that goes on by so many seconds each time it is looked at."""

    def __init__(self, step: float) -> None:
        self._now, self._step = 0.0, step

    def __call__(self) -> float:
        self._now += self._step
        return self._now


@pytest.mark.localcloud
def test_a_store_that_sends_its_answer_in_small_pieces_is_given_up_when_the_time_is_over(
    bucket: ObjectServer,
) -> None:
    content = b"x" * 20_000_000  # in many reads
    bucket.answers = [(200, content)]
    large = replace(ARTIFACT, size=len(content), sha256=hashlib.sha256(content).hexdigest())
    assert _reader(bucket, monotonic=Seconds(0.01)).get(large) == content
    with pytest.raises(
        BackendUnavailableError, match=r"or 8 seconds: TimeoutError\('not done within 8 seconds"
    ):
        _reader(bucket, monotonic=Seconds(0.5)).get(large)
    assert len(bucket.requests) == 2


@pytest.mark.localcloud
def test_no_attempt_begins_after_the_time_is_over(bucket: ObjectServer) -> None:
    bucket.answers = [(503, b"slow down")]
    with pytest.raises(BackendUnavailableError, match="slow down"):
        _reader(bucket, monotonic=Seconds(5)).get(ARTIFACT)
    assert len(bucket.requests) == 1


@pytest.mark.localcloud
def test_an_answer_that_breaks_off_is_asked_for_again(bucket: ObjectServer) -> None:
    bucket.answers = [(200, CONTENT), (200, CONTENT)]
    bucket.broken_off = 1
    assert _reader(bucket).get(ARTIFACT) == CONTENT
    assert len(bucket.requests) == 2


@pytest.mark.localcloud
@pytest.mark.parametrize("status", [403, 404, 405])
def test_an_absent_object_is_missing_at_once(bucket: ObjectServer, status: int) -> None:
    bucket.answers = [(status, b"<Code>NoSuchVersion</Code>")]
    with pytest.raises(ArtifactMissingError, match="NoSuchVersion"):
        _reader(bucket).get(ARTIFACT)
    assert len(bucket.requests) == 1


@pytest.mark.localcloud
def test_an_expired_token_is_no_missing_object(bucket: ObjectServer) -> None:
    bucket.answers = [(400, b"<Code>ExpiredToken</Code>")]
    with pytest.raises(BackendUnavailableError, match="ExpiredToken"):
        _reader(bucket).get(ARTIFACT)


@pytest.mark.localcloud
@pytest.mark.parametrize(
    ("content", "words"), [(CONTENT[:-1] + b"x", "sha256"), (CONTENT + b"x", "10001 bytes")]
)
def test_other_bytes_than_the_registry_says_are_corrupt(
    bucket: ObjectServer, content: bytes, words: str
) -> None:
    bucket.answers = [(200, content)]
    with pytest.raises(ArtifactCorruptError, match=words):
        _reader(bucket).get(ARTIFACT)


@pytest.mark.localcloud
def test_under_snap_start_credentials_come_from_their_endpoint(bucket: ObjectServer) -> None:
    credentials = {"AccessKeyId": "SNAP", "SecretAccessKey": "s", "Token": "t", "Expiration": "later"}
    bucket.answers = [(200, json.dumps(credentials).encode()), (200, CONTENT)]
    reader = _reader(
        bucket,
        AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{bucket.address}/credentials",
        AWS_CONTAINER_AUTHORIZATION_TOKEN="permit",
    )
    assert reader.get(ARTIFACT) == CONTENT
    [(path, asked), (_, read)] = bucket.requests
    assert (path, asked["authorization"]) == ("/credentials", "permit")
    assert "Credential=SNAP/" in read["authorization"]
    assert read["x-amz-security-token"] == "t"


def test_without_credentials_the_message_names_the_variable() -> None:
    reader = S3ArtifactReader(bucket="b", environment={"AWS_REGION": "eu-west-1"})
    with pytest.raises(BackendUnavailableError, match="AWS_ACCESS_KEY_ID"):
        reader.get(ARTIFACT)


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-west-1", "models-1.s3.eu-west-1.amazonaws.com"),
        ("cn-north-1", "models-1.s3.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_without_an_endpoint_the_bucket_has_its_own_host(region: str, host: str) -> None:
    reader = S3ArtifactReader(bucket="models-1", environment={"AWS_REGION": region})
    assert reader._address() == (True, host, "")
