"""How functions run: alone, with nothing but their own code, layers and environment."""

import json
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.localcloud.lambda_cloud import LambdaCloud, eventually, zipped

pytestmark = pytest.mark.localcloud

ENVIRONMENT = "import os\ndef handler(event, context): return dict(os.environ)"
PID = "import os\ndef handler(event, context): return os.getpid()"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[LambdaCloud]:
    with LambdaCloud.running(tmp_path) as running:
        yield running


def test_a_function_sees_boto3_but_nothing_of_the_projects_environment(world: LambdaCloud) -> None:
    world.function(
        "curious",
        "import importlib.util as u\n"
        "def handler(event, context): return [name for name in event if u.find_spec(name)]",
    )
    assert world.invoke("curious", ["boto3", "awslambdaric", "moto", "pytest", "pandas", "scripts"]) == [
        "boto3",
        "awslambdaric",
    ]


def test_a_function_sees_its_own_variables_and_those_of_aws_and_no_others(world: LambdaCloud) -> None:
    os.environ["LEAK"] = "from the shell"
    try:
        world.function("env", ENVIRONMENT, Environment={"Variables": {"TABLE": "orders"}}, MemorySize=512)
        seen = world.invoke("env")
    finally:
        del os.environ["LEAK"]
    assert "LEAK" not in seen
    assert seen["TABLE"] == "orders"
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == "env"
    assert seen["AWS_LAMBDA_FUNCTION_VERSION"] == "$LATEST"
    assert seen["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "512"
    assert seen["AWS_ENDPOINT_URL"] == world.cloud.endpoint_url
    assert seen["AWS_ACCESS_KEY_ID"].startswith("ASIA")


def test_later_layers_override_earlier_ones_in_modules_and_in_opt(world: LambdaCloud) -> None:
    client = world.client("lambda")
    layers = [
        client.publish_layer_version(LayerName=name, Content={"ZipFile": zipped(files)})["LayerVersionArn"]
        for name, files in (
            ("first", {"python/shared.py": "WHO = 'first'", "model/a.json": "1", "model/b.json": "1"}),
            ("second", {"python/shared.py": "WHO = 'second'", "model/b.json": "2"}),
        )
    ]
    world.function(
        "layered",
        "import os, pathlib, shared\n"
        "def handler(event, context):\n"
        "    opt = pathlib.Path(os.environ['LAMBDALOOP_OPT'])\n"
        "    files = {str(p.relative_to(opt)): p.read_text() for p in opt.rglob('*.*')}\n"
        "    return [shared.WHO, files]",
        Layers=layers,
    )
    assert world.invoke("layered") == ["second", {"model/a.json": "1", "model/b.json": "2"}]


def test_a_version_outlives_the_deletion_of_its_layer(world: LambdaCloud) -> None:
    client = world.client("lambda")
    content = {"ZipFile": zipped({"python/shared.py": "WHO = 'layer'"})}
    layer = client.publish_layer_version(LayerName="gone", Content=content)
    source = "import shared\ndef handler(event, context):\n    return shared.WHO"
    world.function("orphan", source, Layers=[layer["LayerVersionArn"]])
    client.publish_version(FunctionName="orphan")
    client.delete_layer_version(LayerName="gone", VersionNumber=layer["Version"])
    assert world.invoke("orphan:1") == "layer"


def test_a_published_version_keeps_its_environment_while_latest_changes(world: LambdaCloud) -> None:
    client = world.client("lambda")
    world.function("pinned", ENVIRONMENT, Environment={"Variables": {"RELEASE": "1"}})
    client.publish_version(FunctionName="pinned")
    client.update_function_configuration(FunctionName="pinned", Environment={"Variables": {"RELEASE": "2"}})
    assert world.invoke("pinned:1")["RELEASE"] == "1"
    assert world.invoke("pinned:1")["AWS_LAMBDA_FUNCTION_VERSION"] == "1"
    assert world.invoke("pinned")["RELEASE"] == "2"


def test_new_code_replaces_the_process_of_latest_and_leaves_the_one_of_a_version(world: LambdaCloud) -> None:
    client = world.client("lambda")
    world.function("code", PID)
    client.publish_version(FunctionName="code")
    latest, version = world.invoke("code"), world.invoke("code:1")
    assert world.invoke("code") == latest
    client.update_function_code(FunctionName="code", ZipFile=zipped({"index.py": PID + "\n"}))
    assert world.invoke("code") != latest
    assert world.invoke("code:1") == version


def test_an_exception_comes_back_with_its_type_message_and_trace(world: LambdaCloud) -> None:
    world.function(
        "raises", "class NoStock(Exception): pass\ndef handler(event, context): raise NoStock('blue')"
    )
    error = world.failure("raises")
    assert (error["errorType"], error["errorMessage"]) == ("NoStock", "blue")
    assert "in handler" in error["stackTrace"][0]


def test_a_timeout_ends_the_process_and_the_next_event_gets_a_new_one(world: LambdaCloud) -> None:
    world.function(
        "slow",
        "import time, os\ndef handler(event, context):\n    if event: time.sleep(30)\n    return os.getpid()",
        Timeout=1,
    )
    before = world.invoke("slow", 0)
    error = world.failure("slow", 1)
    assert error["errorType"] == "Sandbox.Timedout"
    assert error["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")
    assert world.invoke("slow", 0) != before


def test_a_process_that_exits_is_an_error_and_not_the_end(world: LambdaCloud) -> None:
    world.function("exits", "import os\ndef handler(event, context): os._exit(3) if event else None\n")
    assert world.failure("exits", 1)["errorType"] == "Runtime.ExitError"
    assert "exit status 3" in world.failure("exits", 1)["errorMessage"]
    assert world.invoke("exits", 0) is None


def test_a_module_that_cannot_be_imported_says_so(world: LambdaCloud) -> None:
    world.function("broken", "import pandas\ndef handler(event, context): pass")
    error = world.failure("broken")
    assert error["errorType"] == "Runtime.ImportModuleError"
    assert "No module named 'pandas'" in error["errorMessage"]


def test_concurrent_events_run_in_processes_of_their_own(world: LambdaCloud) -> None:
    world.function("busy", "import os, time\ndef handler(event, context): time.sleep(.3); return os.getpid()")
    with ThreadPoolExecutor(3) as threads:
        pids = list(threads.map(lambda _: world.invoke("busy"), range(3)))
    assert len(set(pids)) == 3


def test_more_events_than_the_reserved_concurrency_are_throttled(world: LambdaCloud) -> None:
    client = world.client("lambda")
    world.function("narrow", "import time\ndef handler(event, context): time.sleep(event)")
    client.put_function_concurrency(FunctionName="narrow", ReservedConcurrentExecutions=1)
    first = threading.Thread(target=world.host.invoke, args=("narrow", b"1"))
    first.start()
    eventually(lambda: world.host._pool.running("narrow"))
    with pytest.raises(ClientError) as refused:
        client.invoke(FunctionName="narrow", Payload=b"0")
    first.join()
    assert refused.value.response["Error"]["Code"] == "TooManyRequestsException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    world.invoke("narrow", 0)


def test_a_reserved_concurrency_of_zero_stops_a_function(world: LambdaCloud) -> None:
    client = world.client("lambda")
    world.function("stopped")
    client.put_function_concurrency(FunctionName="stopped", ReservedConcurrentExecutions=0)
    assert client.get_function(FunctionName="stopped")["Concurrency"] == {"ReservedConcurrentExecutions": 0}
    with pytest.raises(ClientError, match="Rate Exceeded"):
        client.invoke(FunctionName="stopped")


def unpacked(world: LambdaCloud) -> int:
    """How many zip files lie unpacked on the disk."""
    return len(list((world.cloud.state_dir / "lambda" / "unpacked").iterdir()))


def test_a_deleted_version_takes_its_processes_and_its_code_with_it(world: LambdaCloud) -> None:
    client = world.client("lambda")
    world.function("pruned", PID)
    client.publish_version(FunctionName="pruned")
    client.update_function_code(FunctionName="pruned", ZipFile=zipped({"index.py": PID + "\n"}))
    client.publish_version(FunctionName="pruned")
    first, second = world.invoke("pruned:1"), world.invoke("pruned:2")
    assert unpacked(world) == 2
    client.delete_function(FunctionName="pruned", Qualifier="1")
    eventually(lambda: not _is_alive(first))
    assert unpacked(world) == 1
    assert world.invoke("pruned:2") == second
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        world.invoke("pruned:1")


def test_code_that_another_version_has_as_well_stays(world: LambdaCloud) -> None:
    client = world.client("lambda")
    world.function("shared", PID)
    client.publish_version(FunctionName="shared")
    client.update_function_configuration(FunctionName="shared", Environment={"Variables": {"RELEASE": "2"}})
    client.publish_version(FunctionName="shared")
    world.invoke("shared:1")
    assert unpacked(world) == 1
    client.delete_function(FunctionName="shared", Qualifier="1")
    assert unpacked(world) == 1
    assert world.invoke("shared:2")


def test_a_version_that_is_deleted_while_it_runs_answers_first(world: LambdaCloud, tmp_path: Path) -> None:
    client = world.client("lambda")
    started, go_on = tmp_path / "started", tmp_path / "go_on"
    world.function(
        "busy",
        "import os, pathlib, time\n"
        "def handler(event, context):\n"
        f"    pathlib.Path({str(started)!r}).touch()\n"
        f"    while not pathlib.Path({str(go_on)!r}).exists(): time.sleep(0.01)\n"
        "    return os.getpid()",
    )
    client.publish_version(FunctionName="busy")
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(world.invoke, "busy:1")
        eventually(started.exists)
        client.delete_function(FunctionName="busy", Qualifier="1")
        go_on.touch()
        pid = answer.result()
    eventually(lambda: not _is_alive(pid))


def test_only_so_many_processes_wait_and_those_that_waited_longest_end(world: LambdaCloud) -> None:
    names = [f"warm-{number}" for number in range(4)]
    world.host._pool._most_idle = 3
    pids = [world.invoke(world.function(name, PID)) for name in names]
    eventually(lambda: not _is_alive(pids[0]))
    assert world.host.status()["processes"] == 3
    assert [world.invoke(name) for name in names[1:]] == pids[1:]


def test_idle_processes_end_and_all_of_them_end_with_the_cloud(world: LambdaCloud) -> None:
    world.function("idle", PID)
    idle = world.invoke("idle")
    world.host._pool.reap(idle_seconds=0)
    eventually(lambda: not _is_alive(idle))
    last = world.invoke("idle")
    assert _is_alive(last)
    world.host.shutdown()
    assert not _is_alive(last)


def test_a_warm_process_answers_within_milliseconds(world: LambdaCloud) -> None:
    world.function("warm")
    durations = []
    for _ in range(60):
        started = time.perf_counter()
        world.host.invoke("warm", json.dumps({"a": 1}).encode())
        durations.append(time.perf_counter() - started)
    assert sorted(durations)[30] < 0.01  # a packet held back by Nagle's algorithm would cost 40 ms


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
