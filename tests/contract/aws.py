"""One model's AWS in memory: table, buckets and inference function, behind one wire, with the real adapters on top."""

import copy
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import botocore.endpoint
import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.moto_api._internal import moto_api_backend

from lambdaloop.adapters.aws_client import aws_client
from lambdaloop.adapters.dynamo_registry import DynamoRegistry
from lambdaloop.adapters.lambda_traffic import LambdaTraffic
from lambdaloop.adapters.s3_artifacts import S3ArtifactStore
from lambdaloop.adapters.s3_datasets import S3DatasetStore
from scripts.localcloud import dynamodb, moto_seams
from scripts.localcloud.cloud import Cloud
from tests.contract.fault_injection import Wire
from tests.contract.lambda_api import Answer, LambdaApi

TABLE, MODEL_BUCKET, DATA_BUCKET = "registry", "models", "data"


class Aws:
    """The adapters of one model, and what lies below them."""

    def __init__(self, wire: Wire, lambda_api: LambdaApi, waits: list[float]) -> None:
        self.wire = wire
        self.lambda_api = lambda_api
        self.waits = waits
        """Every wait that a retry asked for, in seconds; none of them was waited."""
        self.dynamodb, self.s3 = _client("dynamodb"), _client("s3")
        self.registry = DynamoRegistry(table=TABLE, client=self.dynamodb, sleep=waits.append)
        self.artifacts = S3ArtifactStore(bucket=MODEL_BUCKET, client=self.s3)
        self.datasets = S3DatasetStore(bucket=DATA_BUCKET, client=self.s3)
        self.traffic = LambdaTraffic(function=lambda_api.function, client=_client("lambda"))

    def remember(self) -> Callable[[], None]:
        """Keep the present state of table and function; the answer goes back to it."""
        tables = dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables
        table, function = copy.deepcopy(tables[TABLE]), copy.deepcopy(self.lambda_api.__dict__)

        def go_back() -> None:
            tables[TABLE] = copy.deepcopy(table)
            self.lambda_api.__dict__.update(copy.deepcopy(function))

        return go_back


@contextmanager
def aws_in_memory(monkeypatch: pytest.MonkeyPatch, answer: Answer | None = None) -> Iterator[Aws]:
    """An empty AWS: the table and both buckets exist, the function has only its bootstrap version."""
    waits: list[float] = []
    # botocore's own waits between retries
    monkeypatch.setattr(botocore.endpoint, "time", types.SimpleNamespace(sleep=waits.append))
    moto_api_backend.reset()
    lambda_api = LambdaApi(answer=answer)
    wire = Wire(lambda_api)
    with _fast_table(), wire.attached(*map(_client, ("dynamodb", "s3", "lambda"))):
        aws = Aws(wire, lambda_api, waits)
        _create_resources(aws)
        wire.calls.clear()
        yield aws


@contextmanager
def _fast_table() -> Iterator[None]:
    """The table is that of the local cloud: moto's own spends most of its time on the form of its answers."""
    dynamodb.install(Cloud(state_dir=Path(), port=0, gateway_port=0))
    try:
        yield
    finally:
        moto_seams.restore()


@cache
def _client(service: str) -> Any:
    return aws_client(service)


def _create_resources(aws: Aws) -> None:
    aws.dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    for bucket in (MODEL_BUCKET, DATA_BUCKET):
        aws.s3.create_bucket(Bucket=bucket)
        aws.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
