"""The whole local cloud in this process, for tests of what its parts do together."""

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest_socket
from botocore.config import Config
from moto.moto_api._internal.models import moto_api_backend

from scripts.localcloud import server
from scripts.localcloud.cloud import REGION, ROOT_ACCESS_KEY, ROOT_SECRET_KEY, Cloud

_TRUSTED = ("lambda", "states", "scheduler", "events", "firehose", "logs")


class RunningCloud:
    """A cloud and the clients to talk to it."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._session: Any = boto3.Session(ROOT_ACCESS_KEY, ROOT_SECRET_KEY, region_name=REGION)
        self._clients: dict[str, Any] = {}

    @classmethod
    @contextmanager
    def running(cls, state_dir: Path, *, speed: float) -> "Iterator[RunningCloud]":
        """A cloud with nothing in it; gone afterwards, with everything that was."""
        pytest_socket.enable_socket()  # a fixture of a whole module comes before the marker of its first test
        moto_api_backend.reset()  # tests of parts leave their tables behind, for their next one
        with ExitStack() as running:
            running.callback(moto_api_backend.reset)
            yield cls(server.start(state_dir, 0, 0, speed, running=running))

    def client(self, service: str) -> Any:
        """A boto3 client of the account's owner."""
        if service not in self._clients:
            self._clients[service] = self._session.client(
                service,
                endpoint_url=self.cloud.endpoint_url,
                config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
            )
        return self._clients[service]

    def role(self, name: str, *actions: str) -> str:
        """A role that services may assume and that may do `actions` everywhere; its ARN."""
        iam = self.client("iam")
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": [f"{service}.amazonaws.com" for service in _TRUSTED]},
            "Action": "sts:AssumeRole",
        }
        arn: str = iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]})
        )["Role"]["Arn"]
        if actions:
            statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
            policy = {"Version": "2012-10-17", "Statement": [statement]}
            iam.put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=json.dumps(policy))
        return arn


def zipped(**files: str) -> bytes:
    """A zip of `name.py` files by name and source."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name, source in files.items():
            file.writestr(f"{name}.py", source)
    return archive.getvalue()
