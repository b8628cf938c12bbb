"""What an invocation leaves behind: log lines and metrics, in virtual time."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.cloudwatch.models import cloudwatch_backends

from scripts.localcloud.clock import VirtualClock
from scripts.localcloud.cloud import ACCOUNT_ID, REGION
from tests.localcloud.lambda_cloud import LambdaCloud

pytestmark = pytest.mark.localcloud

TALKS = """
import logging
def handler(event, context):
    print("plain")
    logging.getLogger().warning("two\\nlines")
    if event == "fail": raise ValueError("no")
"""
CLOCK = """
import time, datetime
def handler(event, context):
    return [time.time(), datetime.datetime.now(datetime.timezone.utc).timestamp(), context.get_remaining_time_in_millis()]
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[LambdaCloud]:
    with LambdaCloud.running(tmp_path) as running:
        yield running


def values(world: LambdaCloud, name: str, **dimensions: str) -> list[float]:
    """What was counted under exactly these dimensions."""
    world.host.recorder.flush()
    return [
        datum.value
        for datum in cloudwatch_backends[ACCOUNT_ID][REGION].metric_data
        if (datum.namespace, datum.name) == ("AWS/Lambda", name)
        and {one.name: one.value for one in datum.dimensions} == dimensions
    ]


def test_everything_a_function_says_is_logged_between_the_lines_of_the_platform(world: LambdaCloud) -> None:
    world.function("talks", TALKS, MemorySize=256)
    world.invoke("talks")
    start, plain, logged, end, report = world.messages("/aws/lambda/talks")
    request_id = start.split()[2]
    assert start == f"START RequestId: {request_id} Version: $LATEST"
    assert plain == "plain"
    assert logged.startswith("[WARNING]\t")
    assert logged.endswith("two\nlines")
    assert end == f"END RequestId: {request_id}"
    assert report.startswith(f"REPORT RequestId: {request_id}\tDuration: ")
    assert "\tMemory Size: 256 MB\t" in report
    assert "Init Duration: " in report


def test_however_much_a_function_says_the_platform_has_the_last_word(world: LambdaCloud) -> None:
    world.function("chatty", "def handler(event, context):\n    for n in range(3000): print('line', n)")
    for _ in range(5):
        tail = base64.b64decode(
            world.client("lambda").invoke(FunctionName="chatty", LogType="Tail")["LogResult"]
        )
        assert [line.split()[0] for line in tail.decode().splitlines()[-3:]] == ["line", "END", "REPORT"]
        assert "line 2999\nEND" in tail.decode()


def test_an_exception_is_one_log_event(world: LambdaCloud) -> None:
    world.function("talks", TALKS)
    world.failure("talks", "fail")
    [error] = [line for line in world.messages("/aws/lambda/talks") if line.startswith("[ERROR]")]
    assert error.startswith("[ERROR] ValueError: no\nTraceback")


def test_the_configured_log_group_and_json_format_are_used(world: LambdaCloud) -> None:
    world.function("json", TALKS, LoggingConfig={"LogFormat": "JSON", "LogGroup": "/loop/json"})
    world.invoke("json")
    documents = [json.loads(line) for line in world.messages("/loop/json") if line.startswith("{")]
    assert [one["type"] for one in documents if "type" in one] == ["platform.start", "platform.report"]
    assert [one["message"] for one in documents if "message" in one] == ["two\nlines"]


def test_the_end_of_the_log_comes_back_when_asked_for(world: LambdaCloud) -> None:
    world.function("talks", TALKS)
    answer = world.client("lambda").invoke(FunctionName="talks", LogType="Tail")
    tail = base64.b64decode(answer["LogResult"]).decode()
    assert "\nplain\n" in tail
    assert "REPORT RequestId: " in tail


def test_a_role_without_the_right_to_log_leaves_no_log(world: LambdaCloud) -> None:
    world.function("mute", TALKS)
    world.client("iam").delete_role_policy(RoleName="mute-role", PolicyName="inline")
    world.invoke("mute")
    with pytest.raises(ClientError, match="does not exist"):
        world.messages("/aws/lambda/mute")


def test_errors_and_invocations_are_counted_by_function_alias_and_version(world: LambdaCloud) -> None:
    client = world.client("lambda")
    world.function("counted", TALKS)
    client.publish_version(FunctionName="counted")
    client.create_alias(FunctionName="counted", Name="live", FunctionVersion="1")
    world.invoke("counted:live")
    world.failure("counted:live", "fail")
    world.invoke("counted:1")
    world.invoke("counted")
    alias = {"FunctionName": "counted", "Resource": "counted:live"}
    assert values(world, "Invocations", FunctionName="counted") == [1, 1, 1, 1]
    assert values(world, "Invocations", FunctionName="counted", Resource="counted") == [1]
    assert values(world, "Invocations", FunctionName="counted", Resource="counted:1") == [1]
    assert values(world, "Errors", **alias) == [0, 1]
    assert values(world, "Errors", **alias, ExecutedVersion="1") == [0, 1]
    assert values(world, "ConcurrentExecutions", **alias) == [1, 1]
    assert all(0 < duration < 5000 for duration in values(world, "Duration", **alias))


def test_throttled_events_are_counted_as_such_and_not_as_invocations(world: LambdaCloud) -> None:
    world.function("stopped")
    world.client("lambda").put_function_concurrency(FunctionName="stopped", ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError):
        world.client("lambda").invoke(FunctionName="stopped")
    assert values(world, "Throttles", FunctionName="stopped") == [1]
    assert values(world, "Invocations", FunctionName="stopped") == []


def test_a_function_lives_in_the_time_of_the_cloud(world: LambdaCloud) -> None:
    world.function("clock", CLOCK, Timeout=5)
    real, _, _ = world.invoke("clock")
    assert abs(real - datetime.now(UTC).timestamp()) < 5
    world.cloud.clock.advance(30 * 86_400)
    for _ in range(2):  # the second time in a process that is already running
        wall, aware, remaining = world.invoke("clock")
        assert abs(wall - world.cloud.clock.time()) < 2
        assert abs(aware - wall) < 1
        assert 4000 < remaining <= 5000
        world.cloud.clock.advance(3600)


def test_a_function_can_take_its_time_however_fast_the_cloud_runs(tmp_path: Path) -> None:
    with LambdaCloud.running(tmp_path, clock=VirtualClock(speed=3600)) as world:
        world.function(
            "works", "import time\ndef handler(event, context): time.sleep(.2); return 'done'", Timeout=2
        )
        assert world.invoke("works") == "done"


def test_log_events_carry_virtual_time_even_far_from_now(world: LambdaCloud) -> None:
    world.cloud.clock.advance(90 * 86_400)
    world.function("later", TALKS)
    world.invoke("later")
    world.host.recorder.flush()
    events: list[dict[str, Any]] = world.client("logs").filter_log_events(logGroupName="/aws/lambda/later")[
        "events"
    ]
    assert all(abs(event["timestamp"] / 1000 - world.cloud.clock.time()) < 5 for event in events)
    [datum, *_] = cloudwatch_backends[ACCOUNT_ID][REGION].metric_data
    assert abs(datum.timestamp.replace(tzinfo=UTC).timestamp() - world.cloud.clock.time()) < 5
