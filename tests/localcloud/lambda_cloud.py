"""A small running cloud for tests of functions: moto behind its lock, IAM, the Lambda host and the gateway."""

import http.client
import io
import json
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from moto.moto_api._internal.models import moto_api_backend

from scripts.localcloud import gateway, http_server, lambda_host, moto_seams
from scripts.localcloud.clock import VirtualClock
from scripts.localcloud.cloud import REGION, ROOT_ACCESS_KEY, ROOT_SECRET_KEY, Cloud
from scripts.localcloud.control import Control
from scripts.localcloud.serialized_moto import SerializedMoto

ECHO = """
def handler(event, context):
    return event
"""
Statement = dict[str, Any]
LOGS: Statement = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}


class LambdaCloud:
    """What tests do with the cloud."""

    def __init__(self, cloud: Cloud, http: "gateway.GatewayServer") -> None:
        self.cloud = cloud
        self.host = lambda_host.current()
        self.gateway_port = http.port
        self._clients: dict[tuple[str, str, str | None], Any] = {}

    @classmethod
    @contextmanager
    def running(
        cls, state_dir: Path, *, settle_seconds: float = 0, clock: VirtualClock | None = None
    ) -> "Iterator[LambdaCloud]":
        """A cloud whose functions are active after `settle_seconds`; gone afterwards, with all its processes."""
        clock = clock or VirtualClock()
        listener = http_server.listen(lambda *_: [], 0, clock.time)
        cloud = Cloud(state_dir=state_dir, port=listener.port, gateway_port=0, clock=clock)
        lambda_host.install(cloud, settle_seconds=settle_seconds)
        listener.app = Control(cloud, SerializedMoto(cloud))
        serving = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
        serving.start()
        http = gateway.serve(cloud)
        try:
            yield cls(cloud, http)
        finally:
            http.close()
            for stop in reversed(cloud.on_shutdown):
                stop()
            listener.shutdown()
            serving.join()
            listener.server_close()
            moto_seams.restore()
            moto_api_backend.reset()

    def client(self, service: str, credentials: Mapping[str, str] | None = None) -> Any:
        """A boto3 client, the owner's unless other credentials (as STS returns them) are given."""
        given = credentials or {"AccessKeyId": ROOT_ACCESS_KEY, "SecretAccessKey": ROOT_SECRET_KEY}
        key = (service, given["AccessKeyId"], given.get("SessionToken"))
        if key not in self._clients:
            self._clients[key] = self._new_client(service, given)
        return self._clients[key]

    def _new_client(self, service: str, given: Mapping[str, str]) -> Any:
        return boto3.client(
            service,  # type: ignore[call-overload]
            region_name=REGION,
            endpoint_url=self.cloud.endpoint_url,
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given.get("SessionToken"),
            config=Config(retries={"total_max_attempts": 1}),
        )

    def role(self, name: str, *statements: Statement) -> str:
        """A role with these statements in an inline policy; its ARN."""
        iam = self.client("iam")
        arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        if statements:
            document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
            iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=document)
        return arn

    def function(self, name: str, source: str = ECHO, *allowed: Statement, **settings: Any) -> str:
        """A function with one module; its ARN. It may log and do what `allowed` says."""
        given = {"Runtime": "python3.13", "Handler": "index.handler", "Timeout": 10, **settings}
        created = self.client("lambda").create_function(
            FunctionName=name,
            Role=self.role(f"{name}-role", LOGS, *allowed),
            Code={"ZipFile": zipped({"index.py": source})},
            **given,
        )
        return str(created["FunctionArn"])

    def invoke(self, name: str, event: Any = None, **settings: Any) -> Any:
        """The result of a function that must not fail."""
        answer = self.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event), **settings)
        payload = answer["Payload"].read()
        assert "FunctionError" not in answer, payload
        return json.loads(payload or b"null")

    def failure(self, name: str, event: Any = None) -> dict[str, Any]:
        """The error document of a function that must fail."""
        answer = self.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
        assert answer["FunctionError"] == "Unhandled"
        return dict(json.loads(answer["Payload"].read()))

    def messages(self, group: str) -> list[str]:
        """Everything that was logged to a group."""
        self.host.recorder.flush()
        events = self.client("logs").filter_log_events(logGroupName=group)["events"]
        return [event["message"] for event in events]

    def http(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """One request to the gateway: status, headers in lower case, body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway_port, timeout=60)
        try:
            connection.request(method, path, body=body or None, headers=dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()


def zipped(files: Mapping[str, str]) -> bytes:
    """A zip file with these texts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def eventually(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """Wait until a condition gives something true, and return that."""
    deadline = time.monotonic() + seconds
    changed = threading.Event()
    while not (found := condition()):
        assert time.monotonic() < deadline, "the condition did not come true in time"
        changed.wait(0.02)
    return found
