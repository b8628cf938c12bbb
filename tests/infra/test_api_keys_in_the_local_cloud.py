"""The part of the real template that API keys open, at work: gateway, authorizer, table and rights, before a played model."""

import http.client
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_socket import enable_socket

from lambdaloop.adapters.dynamo_api_keys import DynamoApiKeys
from lambdaloop.adapters.dynamo_table import DynamoTable
from lambdaloop.domain.api_key import PresentedKey, new_key
from scripts.localcloud import iam, lambda_host
from tests.fakes.api_keys import sample_key
from tests.infra.part_of_a_stack import part_of, zipped
from tests.infra.synthesis import PROJECT, Template
from tests.localcloud.deployed_stack import DeployedStack
from tests.localcloud.running_cloud import RunningCloud

pytestmark = pytest.mark.localcloud

MODEL, TABLE = "credit", "registry"
PARTS = ("Keys", "Routes", "Serving", "Inference")
PLAYED = """
import json

def handler(event, context):
    return {"statusCode": 200, "body": json.dumps(event["requestContext"]["authorizer"]["lambda"])}
"""
LIBRARY = PROJECT / "layers" / "core" / "python"


def authorizer_code() -> bytes:
    """The function with the library that it finds in a layer elsewhere."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.write(PROJECT / "functions/authorize/handler.py", "functions/authorize/handler.py")
        for path in LIBRARY.rglob("*.py"):
            file.write(path, str(path.relative_to(LIBRARY)))
    return archive.getvalue()


class House:
    """The deployed part, and the keys to it."""

    def __init__(self, running: RunningCloud, templates: dict[str, Template]) -> None:
        self.running = running
        s3, dynamodb, api = (running.client(each) for each in ("s3", "dynamodb", "apigatewayv2"))
        dynamodb.create_table(
            TableName=TABLE,
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        self.api_id = api.create_api(Name="api", ProtocolType="HTTP")["ApiId"]
        [stage] = templates["Lambdaloop"].of_type("AWS::ApiGatewayV2::Stage").values()
        log = "arn:aws:logs:us-east-1:123456789012:log-group:/access"
        settings = {"DestinationArn": log, "Format": stage["AccessLogSettings"]["Format"]}
        api.create_stage(ApiId=self.api_id, StageName="$default", AccessLogSettings=settings)
        s3.create_bucket(Bucket="code")
        s3.put_object(Bucket="code", Key="authorize.zip", Body=authorizer_code())
        s3.put_object(Bucket="code", Key="inference.zip", Body=zipped("inference", PLAYED))
        template = Template(json.dumps(self._inside(templates[f"Lambdaloop-{MODEL}"].document)))
        self.stack = DeployedStack(running, MODEL)
        self.resources = part_of(template, PARTS, topic="none")
        assert self.stack.create(self.resources) == "CREATE_COMPLETE"
        self.keys = DynamoApiKeys(DynamoTable(TABLE, client=dynamodb))
        running.cloud.clock.set_speed(0)  # buckets fill up in virtual time

    def _inside(self, value: Any) -> Any:
        """The template with the API and the table of this cloud for those that it imports."""
        match value:
            case {"Fn::ImportValue": str(name)} if "RegistryTable" in name:
                arn = f"arn:aws:dynamodb:us-east-1:123456789012:table/{TABLE}"
                return arn if "Arn" in name else TABLE
            case {"Fn::ImportValue": str(name)} if "HttpApi" in name:
                return self.api_id
            case dict():
                return {name: self._inside(each) for name, each in value.items()}
            case list():
                return [self._inside(each) for each in value]
            case _:
                return value

    def give(self, **changes: Any) -> PresentedKey:
        secret, record = sample_key(**{"models": (MODEL,), **changes})
        self.keys.create_key(record)
        return secret

    def ask(self, key: str | None, path: str = f"/models/{MODEL}/predict") -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.running.cloud.gateway_port, timeout=60)
        try:
            headers = {} if key is None else {"x-api-key": key}
            connection.request("POST", f"/{self.api_id}{path}", body=b"{}", headers=headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def logged(self) -> list[str]:
        """Every line of every log group."""
        lambda_host.current().recorder.flush()
        logs = self.running.client("logs")
        groups = [each["logGroupName"] for each in logs.describe_log_groups()["logGroups"]]
        return [
            each["message"]
            for group in groups
            for each in logs.filter_log_events(logGroupName=group)["events"]
        ]

    def role(self) -> str:
        [role] = [id_ for id_ in self.resources if id_.startswith("KeysAuthorizeRole")]
        return self.stack.physical_id(role)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, templates: dict[str, Template]) -> Iterator[House]:
    enable_socket()
    with RunningCloud.running(tmp_path_factory.mktemp("keys"), speed=1) as running:
        yield House(running, templates)


def test_a_client_is_let_in_by_its_own_key_and_nobody_else_is(house: House) -> None:
    key = house.give(client="acme")
    assert house.ask(key.text) == (200, {"client": "acme", "key": key.id})
    assert house.ask(None) == (401, {"message": "Unauthorized"})
    forbidden = (403, {"message": "Forbidden"})
    assert house.ask("anything") == forbidden
    assert house.ask(PresentedKey(id=key.id, secret=new_key().secret).text) == forbidden
    assert house.ask(house.give(models=("price",)).text) == forbidden
    house.keys.revoke_key(MODEL, key.id, actor="ada", at=sample_key()[1].created_at)
    assert house.ask(key.text) == forbidden


def test_all_routes_of_a_model_take_from_one_bucket_of_the_key(house: House) -> None:
    key = house.give(rate=0.01, burst=3)
    paths = (f"/models/{MODEL}/predict", f"/models/{MODEL}/feedback", f"/v2/models/{MODEL}/infer")
    assert [house.ask(key.text, path)[1].get("retryAfter") for path in paths] == [None] * 3
    assert [house.ask(key.text, path)[1].get("retryAfter") for path in paths] == [100] * 3
    house.running.cloud.clock.advance(100)
    assert "retryAfter" not in house.ask(key.text)[1]


def test_no_log_shows_a_key_and_the_access_log_names_the_client(house: House) -> None:
    key = house.give(client="umbrella")
    assert house.ask(key.text)[0] == 200
    spoilt = key.text[:-1] + ("A" if key.text[-1] != "A" else "B")
    assert house.ask(spoilt)[0] == 403
    lines = house.logged()
    assert not [line for line in lines if key.secret[:20] in line]
    named = [json.loads(line) for line in lines if '"umbrella"' in line]
    assert [(each["client"], each["key"], each["status"]) for each in named] == [("umbrella", key.id, "200")]


def test_the_authorizer_uses_all_of_its_rights_and_no_others(house: House) -> None:
    assert house.ask(house.give().text)[0] == 200
    used = [each for each in iam.of(house.running.cloud).usage.report() if each["role"] == house.role()]
    assert {(each["action"], each["allowed"]) for each in used if each["action"].startswith("dynamodb:")} == {
        ("dynamodb:GetItem", True),
        ("dynamodb:UpdateItem", True),
    }
