import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from lambdaloop.adapters.aws_credentials import Credentials
from lambdaloop.adapters.dynamo_feature_reader import DynamoFeatureReader
from lambdaloop.adapters.sigv4 import signed_headers
from tests.fakes.table_server import TableServer, serve_table

KEYS = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-west-1"}
MORNING, TEXT = datetime(2026, 3, 2, 9, tzinfo=UTC), "2026-03-02T09:00:00.000000Z"
LONG = 60.0
"""Seconds that are never waited for."""


@pytest.fixture
def table() -> Iterator[TableServer]:
    with serve_table() as server:
        yield server


@pytest.fixture
def make(table: TableServer) -> Iterator[Callable[..., DynamoFeatureReader]]:
    made: list[DynamoFeatureReader] = []

    def reader(
        pauses: list[float] | None = None, monotonic: Callable[[], float] = time.monotonic, **environment: str
    ) -> DynamoFeatureReader:
        made.append(
            DynamoFeatureReader(
                table="features-1",
                environment={**KEYS, "AWS_ENDPOINT_URL": table.address, **environment},
                pause=(pauses if pauses is not None else []).append,
                monotonic=monotonic,
            )
        )
        return made[-1]

    yield reader
    if table.hang:
        table.hang.set()
    for each in made:
        each.close()


def test_the_signature_of_a_body_is_the_one_that_botocore_makes() -> None:
    body = b'{"RequestItems": {}}'
    own = {"content-type": "application/x-amz-json-1.0", "x-amz-target": "DynamoDB_20120810.BatchGetItem"}
    headers = signed_headers(
        host="dynamodb.eu-west-1.amazonaws.com",
        path="/",
        query="",
        region="eu-west-1",
        credentials=Credentials(access_key="AKID", secret_key="secret", session_token="token"),
        at=MORNING,
        service="dynamodb",
        method="POST",
        body=body,
        headers=own,
    )
    sent = {name: value for name, value in headers.items() if name not in ("host", "authorization")}
    request = AWSRequest("POST", "https://dynamodb.eu-west-1.amazonaws.com/", data=body, headers=sent)
    request.context["timestamp"] = headers["x-amz-date"]
    signer = SigV4Auth(BotocoreCredentials("AKID", "secret", "token"), "dynamodb", "eu-west-1")
    canonical = signer.canonical_request(request)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    assert headers["authorization"].endswith(f"Signature={signature}")


@pytest.mark.localcloud
def test_what_is_stored_is_found_and_nothing_else(
    table: TableServer, make: Callable[..., DynamoFeatureReader]
) -> None:
    table.put("spending#c-1", TEXT, '{"spend": 0.1}')
    answer = make(AWS_SESSION_TOKEN="token").read({"spending#c-1", "spending#c-2"}, seconds=LONG)
    assert answer.unread == set()
    [(key, found)] = answer.found.items()
    assert (key, found.event_time, found.values) == ("spending#c-1", MORNING, {"spend": 0.1})
    [headers] = table.headers
    assert headers["x-amz-target"] == "DynamoDB_20120810.BatchGetItem"
    assert headers["x-amz-security-token"] == "token"
    assert re.match(
        r"AWS4-HMAC-SHA256 Credential=AKID/\d{8}/eu-west-1/dynamodb/aws4_request", headers["authorization"]
    )


@pytest.mark.localcloud
def test_a_hundred_keys_are_asked_for_at_once_and_more_in_several_batches(
    table: TableServer, make: Callable[..., DynamoFeatureReader]
) -> None:
    keys = [f"g#{number}" for number in range(250)]
    for key in keys:
        table.put(key, TEXT, "{}")
    answer = make().read([*keys, *keys], seconds=LONG)
    assert answer.found.keys() == set(keys)
    assert sorted(map(len, table.keys)) == [50, 100, 100]


@pytest.mark.localcloud
def test_keys_that_are_left_over_are_asked_for_again(
    table: TableServer, make: Callable[..., DynamoFeatureReader]
) -> None:
    table.over_at_once = 4
    for number in range(10):
        table.put(f"g#{number}", TEXT, "{}")
    pauses: list[float] = []
    answer = make(pauses).read([f"g#{number}" for number in range(10)], seconds=LONG)
    assert len(answer.found) == 10
    assert list(map(len, table.keys)) == [10, 6, 2]
    assert len(pauses) == 2


class Seconds:
    """A clock that goes on by so many seconds each time it is looked at."""

    def __init__(self, step: float) -> None:
        self._now, self._step = 0.0, step

    def __call__(self) -> float:
        self._now += self._step
        return self._now


@pytest.mark.localcloud
def test_keys_that_are_left_over_again_and_again_are_given_up_in_time(
    table: TableServer, make: Callable[..., DynamoFeatureReader]
) -> None:
    table.over_at_once = 0
    answer = make(monotonic=Seconds(0.5)).read(["g#1"], seconds=30)
    assert answer.unread == {"g#1"}
    assert 1 < len(table.keys) < 30


@pytest.mark.localcloud
@pytest.mark.parametrize(
    "reply",
    [
        (500, b"{}"),
        (503, b""),
        (400, b'{"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"}'),
        (200, b"no JSON"),
        (200, b"[]"),
        None,
    ],
)
def test_a_passing_failure_is_tried_again(
    table: TableServer, make: Callable[..., DynamoFeatureReader], reply: tuple[int, bytes] | None
) -> None:
    table.put("g#1", TEXT, "{}")
    table.replies = [reply, reply]
    answer = make().read(["g#1"], seconds=LONG)
    assert answer.found.keys() == {"g#1"}
    assert len(table.keys) == 3


@pytest.mark.localcloud
def test_a_failure_that_lasts_is_given_up_after_four_attempts(
    table: TableServer, make: Callable[..., DynamoFeatureReader]
) -> None:
    table.replies = [(500, b"{}")] * 10
    assert make().read(["g#1"], seconds=LONG).unread == {"g#1"}
    assert len(table.keys) == 4


@pytest.mark.localcloud
def test_a_refusal_is_not_tried_again(
    table: TableServer, make: Callable[..., DynamoFeatureReader], caplog: pytest.LogCaptureFixture
) -> None:
    table.replies = [(400, json.dumps({"__type": "AccessDeniedException"}).encode())]
    assert make().read(["g#1"], seconds=LONG).unread == {"g#1"}
    assert len(table.keys) == 1
    assert "AccessDeniedException" in caplog.text


@pytest.mark.localcloud
def test_a_table_that_cannot_be_reached_is_given_up(make: Callable[..., DynamoFeatureReader]) -> None:
    reader = make(AWS_ENDPOINT_URL_DYNAMODB="http://127.0.0.1:1")
    assert reader.read(["g#1"], seconds=LONG).unread == {"g#1"}


@pytest.mark.localcloud
def test_whoever_asks_does_not_wait_for_a_table_that_hangs(
    table: TableServer, make: Callable[..., DynamoFeatureReader]
) -> None:
    table.hang = threading.Event()
    reader = make()
    for _ in range(3):  # more than there are threads for, each of them with several batches
        answer = reader.read([f"g#{number}" for number in range(1000)], seconds=0.05)
        assert len(answer.unread) == 1000
    table.hang.set()
    table.put("g#1", TEXT, "{}")
    assert reader.read(["g#1"], seconds=LONG).found.keys() == {"g#1"}


@pytest.mark.localcloud
def test_whoever_asks_does_not_wait_for_what_no_timeout_of_a_socket_ends(table: TableServer) -> None:
    table.replies = [(500, b"{}")]
    may_end, ended = threading.Event(), threading.Event()

    def hang(_: float) -> None:
        may_end.wait(20)
        ended.set()

    environment = {**KEYS, "AWS_ENDPOINT_URL": table.address}
    reader = DynamoFeatureReader(table="features-1", environment=environment, pause=hang)
    answer = reader.read(["g#1"], seconds=0.2)
    assert not ended.is_set()
    assert answer.unread == {"g#1"}
    may_end.set()
    reader.close()


@pytest.mark.localcloud
def test_a_connection_is_used_again_and_replaced_when_the_other_side_closed_it(
    table: TableServer, make: Callable[..., DynamoFeatureReader]
) -> None:
    table.put("g#1", TEXT, "{}")
    pauses: list[float] = []
    reader = make(pauses)
    for _ in range(20):
        assert reader.read(["g#1"], seconds=LONG).found
    assert table.connections == 1
    before = len(table.keys)
    table.replies = [None]
    assert reader.read(["g#1"], seconds=LONG).found
    assert len(table.keys) == before + 2
    assert pauses == []  # an idle connection that ended is no failure


@pytest.mark.localcloud
def test_an_item_that_somebody_edited_by_hand_spoils_no_other(
    table: TableServer, make: Callable[..., DynamoFeatureReader]
) -> None:
    table.put("g#1", TEXT, "{}")
    table.put("g#2", "yesterday", "{}")
    table.put("g#3", TEXT, "[1]")
    table.items["g#4"] = {"pk": {"S": "g#4"}}
    answer = make().read(["g#1", "g#2", "g#3", "g#4"], seconds=LONG)
    assert answer.found.keys() == {"g#1"}
    assert answer.unread == set()
