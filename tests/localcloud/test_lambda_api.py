"""What a safe release rests on: versions, aliases, revisions, states and limits of the Lambda API."""

import io
import json
import struct
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.localcloud.clock import VirtualClock
from tests.localcloud.lambda_cloud import ECHO, LambdaCloud, zipped

pytestmark = pytest.mark.localcloud

VERSION = "def handler(event, context): return [context.function_version, context.invoked_function_arn]"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[LambdaCloud]:
    with LambdaCloud.running(tmp_path) as running:
        yield running


@pytest.fixture
def slow_world(tmp_path: Path) -> Iterator[LambdaCloud]:
    """Changes take ten seconds of a clock that stands still until it is advanced."""
    clock = VirtualClock()
    clock.set_speed(0)
    with LambdaCloud.running(tmp_path, settle_seconds=10, clock=clock) as running:
        yield running


def refused(call: Any, **arguments: Any) -> tuple[str, int, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    return (
        response["Error"]["Code"],
        response["ResponseMetadata"]["HTTPStatusCode"],
        response["Error"]["Message"],
    )


def revision(world: LambdaCloud, name: str, **qualifier: str) -> str:
    config = world.client("lambda").get_function_configuration(FunctionName=name, **qualifier)
    return str(config["RevisionId"])


def publish(world: LambdaCloud, name: str, count: int) -> None:
    client = world.client("lambda")
    for number in range(count):
        client.update_function_configuration(FunctionName=name, Description=str(number))
        client.publish_version(FunctionName=name)


@pytest.mark.parametrize(
    "form",
    [
        {"FunctionName": "f:live"},
        {"FunctionName": "f", "Qualifier": "live"},
        {"FunctionName": "arn:aws:lambda:us-east-1:123456789012:function:f:live"},
        {"FunctionName": "123456789012:function:f", "Qualifier": "live"},
    ],
)
def test_an_alias_is_understood_in_every_form(world: LambdaCloud, form: dict[str, str]) -> None:
    client = world.client("lambda")
    world.function("f", VERSION)
    publish(world, "f", 1)
    client.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    answer = client.invoke(**form)
    assert answer["ExecutedVersion"] == "1"
    assert json.loads(answer["Payload"].read()) == [
        "1",
        "arn:aws:lambda:us-east-1:123456789012:function:f:live",
    ]


def test_two_different_qualifiers_are_refused(world: LambdaCloud) -> None:
    world.function("f")
    code, status, _ = refused(world.client("lambda").invoke, FunctionName="f:1", Qualifier="2")
    assert (code, status) == ("InvalidParameterValueException", 400)


def test_weights_of_an_alias_route_that_share_of_the_traffic(world: LambdaCloud) -> None:
    client = world.client("lambda")
    world.function("f", VERSION)
    publish(world, "f", 2)
    routing = {"AdditionalVersionWeights": {"2": 0.2}}
    client.create_alias(FunctionName="f", Name="live", FunctionVersion="1", RoutingConfig=routing)
    served = Counter(world.host.invoke("f:live", b"{}").executed_version for _ in range(500))
    assert served.keys() == {"1", "2"}
    assert 70 <= served["2"] <= 130
    client.update_alias(FunctionName="f", Name="live", RoutingConfig={"AdditionalVersionWeights": {}})
    assert {world.host.invoke("f:live", b"{}").executed_version for _ in range(30)} == {"1"}


@pytest.mark.parametrize(
    ("version", "weights", "problem"),
    [
        ("1", {"2": 1.5}, "less than or equal to 1.0"),
        ("1", {"2": 0.1, "3": 0.1}, "cannot be greater than 1"),
        ("1", {"1": 0.1}, "already included"),
        ("$LATEST", {"1": 0.1}, r"$LATEST is not supported"),
        ("1", {"9": 0.1}, "Function not found"),
    ],
)
def test_routing_that_aws_would_refuse_is_refused(
    world: LambdaCloud, version: str, weights: dict[str, float], problem: str
) -> None:
    world.function("f")
    publish(world, "f", 3)
    _, _, message = refused(
        world.client("lambda").create_alias,
        FunctionName="f",
        Name="live",
        FunctionVersion=version,
        RoutingConfig={"AdditionalVersionWeights": weights},
    )
    assert problem in message


def test_an_alias_moves_only_for_whoever_saw_its_last_state(world: LambdaCloud) -> None:
    client = world.client("lambda")
    world.function("f")
    publish(world, "f", 2)
    seen = client.create_alias(FunctionName="f", Name="live", FunctionVersion="1")["RevisionId"]
    moved = client.update_alias(FunctionName="f", Name="live", FunctionVersion="2", RevisionId=seen)
    assert moved["RevisionId"] != seen
    code, status, _ = refused(
        client.update_alias, FunctionName="f", Name="live", FunctionVersion="1", RevisionId=seen
    )
    assert (code, status) == ("PreconditionFailedException", 412)
    assert client.get_alias(FunctionName="f", Name="live")["FunctionVersion"] == "2"


def test_every_change_gives_a_function_another_revision_and_stale_ones_are_refused(
    world: LambdaCloud,
) -> None:
    client = world.client("lambda")
    world.function("f")
    stale = revision(world, "f")
    client.update_function_configuration(FunctionName="f", Timeout=9, RevisionId=stale)
    for call, arguments in (
        (client.update_function_configuration, {"Timeout": 8}),
        (client.update_function_code, {"ZipFile": zipped({"index.py": ECHO})}),
        (client.publish_version, {}),
    ):
        assert refused(call, FunctionName="f", RevisionId=stale, **arguments)[:2] == (
            "PreconditionFailedException",
            412,
        )
    client.publish_version(FunctionName="f", RevisionId=revision(world, "f"))
    assert client.get_function_configuration(FunctionName="f")["Timeout"] == 9


def test_the_revision_changes_when_an_update_starts_and_again_when_it_is_done(
    slow_world: LambdaCloud,
) -> None:
    world, client = slow_world, slow_world.client("lambda")
    world.function("f")
    created = revision(world, "f")
    world.cloud.clock.advance(10)
    active = revision(world, "f")
    updated = client.update_function_configuration(FunctionName="f", Timeout=9, RevisionId=active)[
        "RevisionId"
    ]
    world.cloud.clock.advance(10)
    settled = revision(world, "f")
    assert len({created, active, updated, settled}) == 4
    assert (
        refused(client.publish_version, FunctionName="f", RevisionId=updated)[0]
        == "PreconditionFailedException"
    )
    version = client.publish_version(FunctionName="f", RevisionId=settled)
    assert revision(world, "f") != settled
    world.cloud.clock.advance(10)
    assert revision(world, "f", Qualifier="1") == version["RevisionId"]


def test_a_function_that_is_being_created_can_be_neither_invoked_nor_changed(slow_world: LambdaCloud) -> None:
    client = slow_world.client("lambda")
    slow_world.function("f")
    assert client.get_function_configuration(FunctionName="f")["State"] == "Pending"
    for call in (client.invoke, client.publish_version, client.update_function_configuration):
        code, status, message = refused(call, FunctionName="f")
        assert (code, status) == ("ResourceConflictException", 409)
        assert "currently in the following state: Pending" in message
    slow_world.cloud.clock.advance(10)
    assert client.get_function_configuration(FunctionName="f")["State"] == "Active"
    assert slow_world.invoke("f", 1) == 1


def test_a_second_change_waits_until_the_first_is_done(slow_world: LambdaCloud) -> None:
    client, clock = slow_world.client("lambda"), slow_world.cloud.clock
    slow_world.function("f")
    clock.advance(10)
    client.update_function_configuration(FunctionName="f", Timeout=9)
    assert client.get_function_configuration(FunctionName="f")["LastUpdateStatus"] == "InProgress"
    for call in (client.update_function_configuration, client.publish_version):
        code, _, message = refused(call, FunctionName="f")
        assert code == "ResourceConflictException"
        assert "An update is in progress for resource" in message
    clock.advance(10)
    assert client.get_function_configuration(FunctionName="f")["LastUpdateStatus"] == "Successful"
    client.publish_version(FunctionName="f")


def test_a_version_is_pending_before_it_is_active(slow_world: LambdaCloud) -> None:
    client, clock = slow_world.client("lambda"), slow_world.cloud.clock
    slow_world.function("f")
    clock.advance(10)
    assert client.publish_version(FunctionName="f")["State"] == "Pending"
    assert refused(client.invoke, FunctionName="f:1")[0] == "ResourceConflictException"
    assert slow_world.invoke("f", 1) == 1
    clock.advance(10)
    assert slow_world.invoke("f:1", 1) == 1


def test_publishing_without_a_change_returns_the_last_version(world: LambdaCloud) -> None:
    client = world.client("lambda")
    world.function("f", Environment={"Variables": {"A": "1"}})
    assert client.publish_version(FunctionName="f", Description="first")["Version"] == "1"
    assert client.publish_version(FunctionName="f", Description="again")["Version"] == "1"
    client.update_function_configuration(FunctionName="f", Environment={"Variables": {"A": "2"}})
    assert client.publish_version(FunctionName="f")["Version"] == "2"


def test_publishing_other_code_than_expected_is_refused(world: LambdaCloud) -> None:
    world.function("f")
    code, _, message = refused(world.client("lambda").publish_version, FunctionName="f", CodeSha256="other")
    assert code == "InvalidParameterValueException"
    assert "is different from current CodeSHA256" in message


def test_version_numbers_are_never_used_again(world: LambdaCloud) -> None:
    client = world.client("lambda")
    world.function("f")
    publish(world, "f", 2)
    client.delete_function(FunctionName="f", Qualifier="2")
    client.update_function_configuration(FunctionName="f", Timeout=9)
    assert client.publish_version(FunctionName="f")["Version"] == "3"


def test_a_version_that_an_alias_needs_cannot_be_deleted(world: LambdaCloud) -> None:
    client = world.client("lambda")
    world.function("f")
    publish(world, "f", 2)
    routing = {"AdditionalVersionWeights": {"2": 0.1}}
    client.create_alias(FunctionName="f", Name="live", FunctionVersion="1", RoutingConfig=routing)
    for version in ("1", "2"):
        code, status, _ = refused(client.delete_function, FunctionName="f", Qualifier=version)
        assert (code, status) == ("ResourceConflictException", 409)
    client.delete_alias(FunctionName="f", Name="live")
    client.delete_function(FunctionName="f", Qualifier="1")


def test_versions_cannot_be_changed(world: LambdaCloud) -> None:
    world.function("f")
    publish(world, "f", 1)
    code, _, message = refused(
        world.client("lambda").update_function_configuration, FunctionName="f:1", Timeout=9
    )
    assert code == "InvalidParameterValueException"
    assert "immutable" in message


def test_limits_of_a_configuration_are_those_of_aws(world: LambdaCloud) -> None:
    client = world.client("lambda")
    world.function("f")
    for settings, problem in (
        ({"Environment": {"Variables": {"A": "x" * 4096}}}, "exceeded the 4KB limit"),
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "reserved keys"),
        (
            {"Layers": [f"arn:aws:lambda:us-east-1:123456789012:layer:l:{n}" for n in range(6)]},
            "more than 5 layers",
        ),
        ({"Timeout": 901}, "less than or equal to 900"),
        ({"Runtime": "nodejs22.x"}, "does not emulate the runtime nodejs22.x"),
    ):
        assert problem in refused(client.update_function_configuration, FunctionName="f", **settings)[2]


def test_code_and_layers_over_250_mb_unzipped_are_refused_and_change_nothing(world: LambdaCloud) -> None:
    client = world.client("lambda")
    world.function("f")
    half = {"ZipFile": claiming(zipped({"big": "x"}), 140 << 20)}
    layers = [
        client.publish_layer_version(LayerName=name, Content=half)["LayerVersionArn"] for name in ("a", "b")
    ]
    client.update_function_configuration(FunctionName="f", Layers=layers[:1])
    message = refused(client.update_function_configuration, FunctionName="f", Layers=layers)[2]
    assert "exceeds the maximum allowed size of 262144000 bytes" in message
    assert "exceeds" in refused(client.update_function_code, FunctionName="f", ZipFile=half["ZipFile"])[2]
    config = client.get_function_configuration(FunctionName="f")
    assert [layer["Arn"] for layer in config["Layers"]] == layers[:1]
    assert config["CodeSize"] == len(zipped({"index.py": ECHO}))


def test_payloads_over_the_limits_are_refused_and_large_results_are_errors(world: LambdaCloud) -> None:
    client = world.client("lambda")
    world.function("f", "def handler(event, context): return 'x' * event if isinstance(event, int) else 1")
    too_large = ("RequestEntityTooLargeException", 413)
    assert refused(client.invoke, FunctionName="f", Payload=b'"' + b"x" * 6_291_456 + b'"')[:2] == too_large
    large = b'"' + b"x" * 1_048_576 + b'"'
    assert refused(client.invoke, FunctionName="f", InvocationType="Event", Payload=large)[:2] == too_large
    assert world.invoke("f", "x" * 1_048_576) == 1
    assert world.failure("f", 7_000_000)["errorType"] == "Function.ResponseSizeTooLarge"


def test_a_payload_that_is_no_json_never_reaches_the_function(world: LambdaCloud) -> None:
    world.function("f")
    code, _, _ = refused(world.client("lambda").invoke, FunctionName="f", Payload=b"{")
    assert code == "InvalidRequestContentException"


def test_an_unknown_function_or_version_is_not_found(world: LambdaCloud) -> None:
    world.function("f")
    for name in ("g", "f:7", "f:live"):
        code, status, message = refused(world.client("lambda").invoke, FunctionName=name)
        assert (code, status) == ("ResourceNotFoundException", 404)
        assert message.endswith(f":function:{name}")


def test_what_is_not_emulated_is_refused(world: LambdaCloud) -> None:
    world.function("f")
    client = world.client("lambda")
    queue = "arn:aws:sqs:us-east-1:123456789012:q"
    message = refused(client.create_event_source_mapping, FunctionName="f", EventSourceArn=queue)[2]
    assert "does not emulate event source mappings of arn:aws:sqs" in message


def claiming(archive: bytes, size: int) -> bytes:
    """A zip file whose directory says that its first file has `size` bytes unzipped."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        directory = opened.start_dir
    field = directory + 24
    return archive[:field] + struct.pack("<L", size) + archive[field + 4 :]
