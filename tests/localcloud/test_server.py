"""What makes moto a cloud: one request at a time, kept-alive connections, control of the clock, a clean end."""

import http.client
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localcloud.running_cloud import RunningCloud

pytestmark = pytest.mark.localcloud


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    with RunningCloud.running(tmp_path_factory.mktemp("server"), speed=1) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def table(running: RunningCloud) -> str:
    running.client("dynamodb").create_table(
        TableName="registry",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return "registry"


def test_only_callers_of_lambda_and_dynamodb_are_told_the_clouds_time(running: RunningCloud) -> None:
    """The SDK of the `cdk` command would take its own clock for a slow one."""
    running.cloud.clock.advance(86_400)

    def behind(service: str, operation: str) -> float:
        answer = getattr(running.client(service), operation)()
        dated = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"]).timestamp()
        return running.cloud.clock.time() - dated

    assert 0 <= behind("lambda", "list_functions") < 300
    assert 0 <= behind("dynamodb", "list_tables") < 300
    assert behind("s3", "list_buckets") > 80_000


@pytest.fixture
def _nervous_threads() -> Iterator[None]:
    """Threads that are interrupted all the time, so that what can go wrong between two lines does."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def control(running: RunningCloud, method: str, name: str, document: Any = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", running.cloud.port, timeout=60)
    connection.request(method, f"/_localcloud/{name}", json.dumps(document) if document is not None else None)
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    return response.status, answer


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    start = threading.Barrier(count)

    def one(number: int) -> Any:
        start.wait(60)
        return act(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


@pytest.mark.usefixtures("_nervous_threads")
def test_of_many_conditional_writes_at_once_exactly_one_wins(running: RunningCloud, table: str) -> None:
    dynamodb = running.client("dynamodb")

    def claim(number: int) -> bool:
        try:
            dynamodb.put_item(
                TableName=table,
                Item={"pk": {"S": "lease"}, "owner": {"N": str(number)}},
                ConditionExpression="attribute_not_exists(pk)",
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    assert at_once(10, claim).count(True) == 1


@pytest.mark.usefixtures("_nervous_threads")
def test_no_atomic_increment_is_lost(running: RunningCloud, table: str) -> None:
    dynamodb = running.client("dynamodb")

    def add(_: int) -> list[str]:
        return [
            dynamodb.update_item(
                TableName=table,
                Key={"pk": {"S": "counter"}},
                UpdateExpression="ADD n :one",
                ExpressionAttributeValues={":one": {"N": "1"}},
                ReturnValues="UPDATED_NEW",
            )["Attributes"]["n"]["N"]
            for _ in range(10)
        ]

    numbers = sorted(int(n) for batch in at_once(8, add) for n in batch)
    assert numbers == list(range(1, 81))


def test_a_receiver_that_waits_lets_the_sender_in(running: RunningCloud) -> None:
    sqs = running.client("sqs")
    url = sqs.create_queue(QueueName="later")["QueueUrl"]
    with ThreadPoolExecutor(1) as pool:
        received = pool.submit(sqs.receive_message, QueueUrl=url, WaitTimeSeconds=20)
        while not received.running():
            pass
        sqs.send_message(QueueUrl=url, MessageBody="at last")
        assert received.result(5)["Messages"][0]["Body"] == "at last"


def test_one_connection_serves_many_requests(running: RunningCloud) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", running.cloud.port, timeout=60)
    connection.connect()
    sock = connection.sock
    for _ in range(3):
        connection.request("GET", "/_localcloud/status")
        assert connection.getresponse().read()
        assert connection.sock is sock
    connection.close()


def test_a_large_object_comes_back_as_it_was_sent(running: RunningCloud) -> None:
    s3 = running.client("s3")
    s3.create_bucket(Bucket="large")
    body = bytes(range(256)) * 40_000  # large enough for boto3 to ask "100-continue" first
    s3.put_object(Bucket="large", Key="a+b c/ü.bin", Body=body, Metadata={"under_score": "1"})
    found = s3.get_object(Bucket="large", Key="a+b c/ü.bin")
    assert found["Body"].read() == body
    assert s3.head_object(Bucket="large", Key="a+b c/ü.bin")["ContentLength"] == len(body)


def test_an_action_that_moto_lacks_is_an_error_that_nobody_repeats(running: RunningCloud) -> None:
    with pytest.raises(ClientError) as caught:
        running.client("cloudformation").detect_stack_drift(StackName="any")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_the_status_tells_time_and_what_runs(running: RunningCloud) -> None:
    status, answer = control(running, "GET", "status")
    assert status == 200
    assert answer["clock"]["speed"] == 1
    assert answer["executions_running"] == []
    assert answer["stacks"] == {}


def test_the_clock_moves_by_request(running: RunningCloud) -> None:
    before = running.cloud.clock.time()
    status, answer = control(running, "POST", "clock", {"advance_seconds": 7200, "speed": 2})
    assert status == 200
    assert answer["speed"] == 2
    assert answer["time"] >= before + 7200


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ({"speed": -1}, "got -1"),
        ({"speed": "fast"}, "got 'fast'"),
        ({"hurry": True}, "['hurry']"),
        ({}, "give advance_seconds or speed"),
        ([], "must be a JSON object"),
    ],
)
def test_a_clock_request_that_makes_no_sense_is_refused(
    running: RunningCloud, document: Any, complaint: str
) -> None:
    status, answer = control(running, "POST", "clock", document)
    assert status == 400
    assert complaint in answer["error"]


def test_an_unknown_control_endpoint_names_those_there_are(running: RunningCloud) -> None:
    status, answer = control(running, "GET", "nowhere")
    assert status == 404
    assert "GET /_localcloud/status" in answer["error"]


def test_the_process_announces_its_endpoint_and_ends_cleanly_on_sigterm(tmp_path: Path) -> None:
    state = tmp_path / "state"
    process = subprocess.Popen(
        [sys.executable, "-m", "scripts.localcloud", "--state", str(state), "--speed", "0"],
        cwd=Path(__file__).parents[2],
    )
    try:
        endpoint = state / "endpoint.json"
        waiting = threading.Event()
        while not endpoint.exists() and process.poll() is None:
            waiting.wait(0.05)
        found = json.loads(endpoint.read_text())
        assert found["pid"] == process.pid
        assert found["endpoint_url"] == f"http://127.0.0.1:{found['port']}"
        connection = http.client.HTTPConnection("127.0.0.1", found["port"], timeout=60)
        connection.request("GET", "/_localcloud/status")
        assert json.loads(connection.getresponse().read())["clock"]["speed"] == 0
        connection.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert not endpoint.exists()
    finally:
        process.kill()
        process.wait()
