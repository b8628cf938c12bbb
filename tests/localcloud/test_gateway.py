"""HTTP APIs over a socket: events, errors, signatures, permissions, access logs."""

import base64
import hashlib
import http.client
import json
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.localcloud.lambda_cloud import ECHO, LambdaCloud

pytestmark = pytest.mark.localcloud

ROOT = {"AccessKeyId": "local", "SecretAccessKey": "local"}


@dataclass
class Api:
    """One HTTP API with routes to functions."""

    world: LambdaCloud
    id: str

    @classmethod
    def create(cls, world: LambdaCloud, stage: str = "$default", **settings: Any) -> "Api":
        client = world.client("apigatewayv2")
        api_id = client.create_api(Name="api", ProtocolType="HTTP", **settings)["ApiId"]
        log = "arn:aws:logs:us-east-1:123456789012:log-group:/access"
        form = (
            "$context.httpMethod $context.routeKey $context.status $context.error.message $context.nonsense"
        )
        client.create_stage(
            ApiId=api_id, StageName=stage, AccessLogSettings={"DestinationArn": log, "Format": form}
        )
        return cls(world, api_id)

    def route(self, key: str, function_arn: str, *, auth: str = "NONE", permitted: bool = True) -> None:
        client = self.world.client("apigatewayv2")
        integration = client.create_integration(
            ApiId=self.id,
            IntegrationType="AWS_PROXY",
            IntegrationUri=function_arn,
            PayloadFormatVersion="2.0",
        )["IntegrationId"]
        target = f"integrations/{integration}"
        client.create_route(ApiId=self.id, RouteKey=key, Target=target, AuthorizationType=auth)
        if permitted:
            path = key.partition(" ")[2]
            self.world.client("lambda").add_permission(
                FunctionName=function_arn,
                StatementId=f"s{abs(hash(key))}",
                Action="lambda:InvokeFunction",
                Principal="apigateway.amazonaws.com",
                SourceArn=f"arn:aws:execute-api:us-east-1:123456789012:{self.id}/*/*{path}",
            )

    def call(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        status, _, content = self.world.http(method, f"/{self.id}{path}", body, headers)
        return status, json.loads(content)

    def signed(self, method: str, path: str, body: bytes = b"", **changes: Any) -> dict[str, str]:
        """Headers of a signed request; `changes` spoil it."""
        given = changes.get("credentials", ROOT)
        credentials = Credentials(given["AccessKeyId"], given["SecretAccessKey"], given.get("SessionToken"))
        url = f"http://127.0.0.1:{self.world.gateway_port}/{self.id}{path}"
        request = AWSRequest(method=method, url=url, data=body, headers={"content-type": "application/json"})
        SigV4Auth(credentials, changes.get("service", "execute-api"), "us-east-1").add_auth(request)
        return dict(request.headers.items())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[LambdaCloud]:
    with LambdaCloud.running(tmp_path) as running:
        yield running


@pytest.fixture
def api(world: LambdaCloud) -> Api:
    return Api.create(world)


def test_a_function_receives_payload_format_2(api: Api) -> None:
    api.route("POST /models/{model}/predict", api.world.function("echo", ECHO))
    status, event = api.call(
        "POST",
        "/models/churn%20v2/predict?a=1&a=2&b=",
        b'{"rows":[]}',
        {"Content-Type": "application/json", "Cookie": "x=1; y=2", "X-Many": "1", "User-Agent": "test"},
    )
    assert status == 200
    assert event["version"] == "2.0"
    assert event["routeKey"] == "POST /models/{model}/predict"
    assert event["rawPath"] == "/models/churn v2/predict"
    assert event["rawQueryString"] == "a=1&a=2&b="
    assert event["queryStringParameters"] == {"a": "1,2", "b": ""}
    assert event["pathParameters"] == {"model": "churn v2"}
    assert event["cookies"] == ["x=1", "y=2"]
    assert "cookie" not in event["headers"]
    assert event["headers"]["x-many"] == "1"
    assert (event["body"], event["isBase64Encoded"]) == ('{"rows":[]}', False)
    context = event["requestContext"]
    assert context["apiId"] == api.id
    assert context["stage"] == "$default"
    assert context["http"] == {
        "method": "POST",
        "path": "/models/churn v2/predict",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "test",
    }
    assert abs(context["timeEpoch"] / 1000 - time.time()) < 5
    assert "authorizer" not in context


def test_the_event_carries_virtual_time(api: Api) -> None:
    api.route("GET /t", api.world.function("echo", ECHO))
    api.world.cloud.clock.advance(86_400 * 40)
    _, event = api.call("GET", "/t")
    assert abs(event["requestContext"]["timeEpoch"] / 1000 - api.world.cloud.clock.time()) < 5


def test_bytes_arrive_encoded_and_go_back_decoded(api: Api) -> None:
    source = (
        "def handler(event, context): return {**event, 'statusCode': 200, 'headers': {'content-type': 'x/y'}}"
    )
    api.route("POST /bytes", api.world.function("bytes", source))
    status, headers, body = api.world.http(
        "POST", f"/{api.id}/bytes", b"\x00\xff", {"Content-Type": "image/png"}
    )
    assert (status, headers["content-type"], body) == (200, "x/y", b"\x00\xff")


def test_a_named_stage_is_part_of_the_path(world: LambdaCloud) -> None:
    api = Api.create(world, stage="prod")
    api.route("GET /x", world.function("echo", ECHO))
    status, event = api.call("GET", "/prod/x")
    assert (status, event["rawPath"], event["requestContext"]["stage"]) == (200, "/prod/x", "prod")
    assert api.call("GET", "/x") == (404, {"message": "Not Found"})


def test_unknown_apis_and_routes_are_not_found(api: Api) -> None:
    assert api.call("GET", "/x") == (404, {"message": "Not Found"})
    assert api.world.http("GET", "/nothing/x")[0] == 404


def test_the_alias_behind_a_route_answers(api: Api) -> None:
    arn = api.world.function("f", "def handler(event, context): return {'version': context.function_version}")
    client = api.world.client("lambda")
    client.publish_version(FunctionName="f")
    client.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    api.route(
        "GET /f",
        f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}:live/invocations",
        permitted=False,
    )
    assert api.call("GET", "/f")[0] == 500
    client.add_permission(
        FunctionName="f",
        Qualifier="live",
        StatementId="s",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )
    assert api.call("GET", "/f") == (200, {"version": "1"})


def test_without_permission_the_function_is_not_invoked(api: Api) -> None:
    arn = api.world.function("f")
    api.route("GET /f", arn, permitted=False)
    assert api.call("GET", "/f") == (500, {"message": "Internal Server Error"})
    api.world.client("lambda").add_permission(
        FunctionName=arn,
        StatementId="s",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:us-east-1:123456789012:{api.id}/*/*/other",
    )
    assert api.call("GET", "/f")[0] == 500


def test_failures_of_a_function_are_not_shown_to_the_caller(api: Api) -> None:
    api.route(
        "GET /raises", api.world.function("raises", "def handler(event, context): raise ValueError('secret')")
    )
    api.route(
        "GET /odd", api.world.function("odd", "def handler(event, context): return {'statusCode': 'x'}")
    )
    for path in ("/raises", "/odd"):
        assert api.call("GET", path) == (500, {"message": "Internal Server Error"})


def test_a_throttled_function_is_unavailable(api: Api) -> None:
    api.route("GET /f", api.world.function("f"))
    api.world.client("lambda").put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    assert api.call("GET", "/f") == (503, {"message": "Service Unavailable"})


def test_the_gateway_waits_no_longer_than_its_integration_may_take(api: Api) -> None:
    arn = api.world.function("slow", "import time\ndef handler(event, context): time.sleep(5)", Timeout=10)
    api.route("GET /slow", arn)
    client = api.world.client("apigatewayv2")
    [integration] = client.get_integrations(ApiId=api.id)["Items"]
    client.update_integration(ApiId=api.id, IntegrationId=integration["IntegrationId"], TimeoutInMillis=100)
    assert api.call("GET", "/slow") == (503, {"message": "Service Unavailable"})


def test_a_body_over_ten_megabytes_is_refused_before_it_is_read(api: Api) -> None:
    with socket.create_connection(("127.0.0.1", api.world.gateway_port), timeout=60) as connection:
        head = f"POST /{api.id}/x HTTP/1.1\r\nHost: local\r\nContent-Length: {10 * 1024 * 1024 + 1}\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 413 ")


def test_a_signed_request_tells_the_function_who_calls(api: Api) -> None:
    api.route("POST /p", api.world.function("echo", ECHO), auth="AWS_IAM")
    headers = api.signed("POST", "/p?q=a%20b&c", b"{}")
    status, event = api.call("POST", "/p?q=a%20b&c", b"{}", headers)
    assert status == 200
    assert event["requestContext"]["authorizer"]["iam"] == {
        "accessKey": "local",
        "accountId": "123456789012",
        "callerId": "123456789012",
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": "arn:aws:iam::123456789012:root",
        "userId": "123456789012",
    }


def test_a_request_that_was_not_signed_exactly_like_this_is_forbidden(api: Api) -> None:
    api.route("ANY /{proxy+}", api.world.function("echo", ECHO), auth="AWS_IAM")
    good = api.signed("POST", "/p", b"{}")
    old = datetime.fromtimestamp(time.time() - 3600, UTC).strftime("%Y%m%dT%H%M%SZ")
    forbidden = (403, {"message": "Forbidden"})
    assert api.call("POST", "/p", b"{}", good)[0] == 200
    assert api.call("POST", "/p", b"{}") == forbidden
    assert api.call("POST", "/p", b'{"a":1}', good) == forbidden
    assert api.call("POST", "/q", b"{}", good) == forbidden
    assert api.call("POST", "/p?x=1", b"{}", good) == forbidden
    assert api.call("PUT", "/p", b"{}", good) == forbidden
    assert api.call("POST", "/p", b"{}", {**good, "X-Amz-Date": old}) == forbidden
    for changes in (
        {"credentials": {**ROOT, "SecretAccessKey": "wrong"}},
        {"credentials": {**ROOT, "AccessKeyId": "nobody"}},
        {"service": "lambda"},
    ):
        assert api.call("POST", "/p", b"{}", api.signed("POST", "/p", b"{}", **changes)) == forbidden


def test_a_signed_digest_does_not_speak_for_another_body(api: Api) -> None:
    api.route("POST /p", api.world.function("echo", ECHO), auth="AWS_IAM")
    url = f"http://127.0.0.1:{api.world.gateway_port}/{api.id}/p"
    digest = {"x-amz-content-sha256": hashlib.sha256(b"{}").hexdigest()}
    request = AWSRequest(method="POST", url=url, data=b"{}", headers=digest)
    SigV4Auth(Credentials("local", "local"), "execute-api", "us-east-1").add_auth(request)
    headers = dict(request.headers.items())
    assert api.call("POST", "/p", b"{}", headers)[0] == 200
    assert api.call("POST", "/p", b"[]", headers)[0] == 403


def test_a_caller_needs_the_right_to_invoke_this_very_path(api: Api) -> None:
    world = api.world
    api.route("ANY /{proxy+}", world.function("echo", ECHO), auth="AWS_IAM")
    resource = f"arn:aws:execute-api:us-east-1:123456789012:{api.id}/*/POST/models/churn/*"
    role = world.role("caller", {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resource})
    session = world.client("sts").assume_role(RoleArn=role, RoleSessionName="app")["Credentials"]

    def call(path: str, **changes: Any) -> int:
        return api.call("POST", path, b"{}", api.signed("POST", path, b"{}", credentials=session, **changes))[
            0
        ]

    assert call("/models/churn/predict") == 200
    assert call("/models/fraud/predict") == 403
    stolen = {**session, "SessionToken": "other"}
    headers = api.signed("POST", "/models/churn/predict", b"{}", credentials=stolen)
    assert api.call("POST", "/models/churn/predict", b"{}", headers)[0] == 403


def test_a_function_may_call_an_api_in_virtual_time(api: Api) -> None:
    world = api.world
    world.cloud.clock.advance(86_400)
    api.route("GET /p", world.function("echo", ECHO), auth="AWS_IAM")
    world.function(
        "caller",
        "import boto3, urllib.request\n"
        "from botocore.auth import SigV4Auth\n"
        "from botocore.awsrequest import AWSRequest\n"
        "def handler(event, context):\n"
        "    request = AWSRequest(method='GET', url=event)\n"
        "    SigV4Auth(boto3.Session().get_credentials(), 'execute-api', 'us-east-1').add_auth(request)\n"
        "    call = urllib.request.Request(event, headers=dict(request.headers.items()))\n"
        "    return urllib.request.urlopen(call).status",
        {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"},
    )
    assert world.invoke("caller", f"http://127.0.0.1:{world.gateway_port}/{api.id}/p") == 200


def test_every_request_leaves_a_line_in_the_access_log(api: Api) -> None:
    api.route("GET /f", api.world.function("f"))
    api.call("GET", "/f")
    api.call("POST", "/g")
    assert api.world.messages("/access") == ["GET GET /f 200 - -", "POST $default 404 Not Found -"]


def test_the_rules_for_other_origins_come_from_the_api(world: LambdaCloud) -> None:
    api = Api.create(world, CorsConfiguration={"AllowOrigins": ["https://a.test"], "AllowMethods": ["POST"]})
    api.route("POST /f", world.function("f"), auth="AWS_IAM")
    ask = {"Origin": "https://a.test", "Access-Control-Request-Method": "POST"}
    status, headers, _ = world.http("OPTIONS", f"/{api.id}/f", b"", ask)
    assert status == 204
    assert headers["access-control-allow-origin"] == "https://a.test"
    assert headers["access-control-allow-methods"] == "POST"


def test_one_connection_serves_many_requests_quickly(api: Api) -> None:
    api.route("POST /f", api.world.function("f", "def handler(event, context): return {'ok': True}"))
    connection = http.client.HTTPConnection("127.0.0.1", api.world.gateway_port, timeout=60)
    durations = []
    for _ in range(60):
        started = time.perf_counter()
        connection.request("POST", f"/{api.id}/f", body=base64.b64encode(b"x" * 600))
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b'{"ok":true}')
        durations.append(time.perf_counter() - started)
    connection.close()
    assert sorted(durations)[30] < 0.015  # a packet held back by Nagle's algorithm would cost 40 ms
