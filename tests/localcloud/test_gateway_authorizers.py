"""Lambda authorizers and limits of routes: who is asked, what is answered, and what the function behind is told."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localcloud.lambda_cloud import ECHO, LambdaCloud
from tests.localcloud.test_gateway import Api

pytestmark = pytest.mark.localcloud

DOOR = """
def handler(event, context):
    key = event["identitySource"][0]
    print("asked", event["routeArn"])
    if key == "broken":
        raise ValueError("broken")
    if key == "odd":
        return {"principalId": "me"}
    return {"isAuthorized": key == "good", "context": {"client": "acme", "left": 3, "event": event}}
"""
NOTHING = """
def handler(event, context):
    return {"statusCode": 200, "body": "{}"}
"""


class Door:
    """An API whose only route asks an authorizer first."""

    def __init__(self, world: LambdaCloud, *, keep_seconds: int = 0, permitted: bool = True) -> None:
        self.world, self.api = world, Api.create(world)
        self.function = world.function("door", DOOR)
        client = world.client("apigatewayv2")
        made = client.create_authorizer(
            ApiId=self.api.id,
            AuthorizerType="REQUEST",
            AuthorizerUri=f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{self.function}/invocations",
            AuthorizerPayloadFormatVersion="2.0",
            EnableSimpleResponses=True,
            AuthorizerResultTtlInSeconds=keep_seconds,
            IdentitySource=["$request.header.x-api-key"],
            Name="door",
        )
        self.api.route("POST /f", world.function("echo", ECHO))
        [route] = client.get_routes(ApiId=self.api.id)["Items"]
        client.update_route(
            ApiId=self.api.id,
            RouteId=route["RouteId"],
            AuthorizationType="CUSTOM",
            AuthorizerId=made["AuthorizerId"],
        )
        if permitted:
            world.client("lambda").add_permission(
                FunctionName=self.function,
                StatementId="door",
                Action="lambda:InvokeFunction",
                Principal="apigateway.amazonaws.com",
                SourceArn=f"arn:aws:execute-api:us-east-1:123456789012:{self.api.id}/authorizers/{made['AuthorizerId']}",
            )

    def knock(self, key: str | None, body: bytes = b"") -> tuple[int, Any]:
        return self.api.call("POST", "/f?a=1", body, {} if key is None else {"X-Api-Key": key})

    @property
    def asked(self) -> int:
        lines = self.world.messages("/aws/lambda/door")
        return sum(1 for line in lines if line.startswith("asked "))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[LambdaCloud]:
    with LambdaCloud.running(tmp_path) as running:
        yield running


def test_an_authorizer_lets_in_refuses_or_fails_and_is_not_asked_about_nobody(world: LambdaCloud) -> None:
    door = Door(world)
    status, event = door.knock("good", b"secret rows")
    assert status == 200
    told = event["requestContext"]["authorizer"]["lambda"]
    assert (told["client"], told["left"]) == ("acme", 3)
    assert door.knock(None) == (401, {"message": "Unauthorized"})
    assert door.asked == 1
    assert door.knock("bad") == (403, {"message": "Forbidden"})
    assert door.knock("broken") == door.knock("odd") == (500, {"message": "Internal Server Error"})
    assert door.asked == 4

    question = told["event"]
    assert (question["version"], question["type"], question["identitySource"]) == ("2.0", "REQUEST", ["good"])
    assert question["routeArn"].endswith(f":{door.api.id}/$default/POST/f")
    assert (question["rawPath"], question["queryStringParameters"]) == ("/f", {"a": "1"})
    assert question["headers"]["x-api-key"] == "good"
    assert "authorizer" not in question["requestContext"]
    assert "body" not in question


def test_an_authorizer_that_the_gateway_may_not_invoke_opens_nothing(world: LambdaCloud) -> None:
    door = Door(world, permitted=False)
    assert door.knock("good") == (500, {"message": "Internal Server Error"})


def test_an_answer_is_kept_for_its_key_for_as_long_as_the_authorizer_says(world: LambdaCloud) -> None:
    door = Door(world, keep_seconds=3600)
    for _ in range(2):
        assert door.knock("good")[0] == 200
        assert door.knock("bad")[0] == 403
    assert door.asked == 2
    world.cloud.clock.advance(3601)
    assert door.knock("good")[0] == 200
    assert door.asked == 3


def test_the_access_log_names_what_the_authorizer_said_and_never_the_key(world: LambdaCloud) -> None:
    door = Door(world)
    settings = {
        "DestinationArn": "arn:aws:logs:us-east-1:123456789012:log-group:/access",
        "Format": "$context.status $context.authorizer.client $context.authorizer.error",
    }
    world.client("apigatewayv2").delete_stage(ApiId=door.api.id, StageName="$default")
    world.client("apigatewayv2").create_stage(
        ApiId=door.api.id, StageName="$default", AccessLogSettings=settings
    )
    door.knock("good")
    door.knock("broken")
    assert world.messages("/access") == ["200 acme -", "500 - the authorizer failed"]


@pytest.mark.parametrize(
    "other",
    [
        {"AuthorizerType": "JWT"},
        {"AuthorizerPayloadFormatVersion": "1.0"},
        {"EnableSimpleResponses": False},
        {"IdentitySource": ["$context.routeKey"]},
        {"IdentitySource": []},
    ],
    ids=str,
)
def test_authorizers_of_other_kinds_cannot_be_created(world: LambdaCloud, other: dict[str, Any]) -> None:
    asked = {
        "AuthorizerType": "REQUEST",
        "AuthorizerPayloadFormatVersion": "2.0",
        "EnableSimpleResponses": True,
        "IdentitySource": ["$request.header.x"],
        **other,
    }
    with pytest.raises(ClientError, match="does not emulate JWT authorizers"):
        world.client("apigatewayv2").create_authorizer(ApiId=Api.create(world).id, Name="a", **asked)


def test_a_route_takes_its_burst_and_then_what_its_rate_lets_in(world: LambdaCloud) -> None:
    api = Api.create(world)
    function = world.function("f", NOTHING)
    for path in ("/slow", "/other"):
        api.route(f"GET {path}", function)
    client = world.client("apigatewayv2")
    client.delete_stage(ApiId=api.id, StageName="$default")
    client.create_stage(
        ApiId=api.id,
        StageName="$default",
        DefaultRouteSettings={"ThrottlingBurstLimit": 100, "ThrottlingRateLimit": 100.0},
        # A request every hour: how fast this machine is makes no difference.
        RouteSettings={"GET /slow": {"ThrottlingBurstLimit": 2, "ThrottlingRateLimit": 1 / 3600}},
    )
    too_many = (429, {"message": "Too Many Requests"})
    assert [api.call("GET", "/slow")[0] for _ in range(2)] == [200, 200]
    assert api.call("GET", "/slow") == too_many
    assert api.call("GET", "/other")[0] == 200
    world.cloud.clock.advance(3600)
    assert api.call("GET", "/slow")[0] == 200
    assert api.call("GET", "/slow") == too_many


def test_a_clock_that_stands_still_does_not_close_a_route_for_ever(world: LambdaCloud) -> None:
    api = Api.create(world)
    api.route("GET /f", world.function("f", NOTHING))
    client = world.client("apigatewayv2")
    client.delete_stage(ApiId=api.id, StageName="$default")
    client.create_stage(
        ApiId=api.id,
        StageName="$default",
        DefaultRouteSettings={"ThrottlingBurstLimit": 1, "ThrottlingRateLimit": 10_000.0},
    )
    world.cloud.clock.set_speed(0)
    assert [api.call("GET", "/f")[0] for _ in range(5)] == [200] * 5
