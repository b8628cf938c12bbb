"""One local cloud with one small model, deployed by the real `cdk`, for every end-to-end test."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from pytest_socket import enable_socket

from lambdaloop.adapters.dynamo_registry import DynamoRegistry
from lambdaloop.domain.definition import ModelDefinition
from scripts.cli import cdk
from scripts.cli.demo_traffic import Traffic, follow_release
from scripts.cli.executions import Execution, follow
from scripts.cli.local_process import LocalCloud, start_local_cloud
from scripts.cli.stacks import Deployment, find_deployment
from scripts.cli.train import start_training
from tests.e2e import training_data
from tests.e2e.site_definition import TRACKING_SECRET, complete
from tests.e2e.stored_features import GROUP, split_stored
from tests.e2e.subscriptions import write_subscriptions
from tests.fakes.mlflow_server import MlflowServer, serve_mlflow
from tests.typed import lambdaloop, read


@dataclass(frozen=True, kw_only=True)
class Site:
    """A deployed model on a running local cloud."""

    cloud: LocalCloud
    folder: Path
    data: Path
    uploaded: Path
    """What the first training had: the same rows without a column that is stored by customer."""
    definition: ModelDefinition
    deployment: Deployment
    mlflow: MlflowServer
    """Where the runs are told."""

    @property
    def registry(self) -> DynamoRegistry:
        return DynamoRegistry(table=self.deployment.registry_table)

    def traffic(self) -> Traffic:
        return Traffic(self.deployment, self.data)

    def deploy(self) -> None:
        cdk.deploy(
            models=self.folder / "models", output=self.folder / "cdk.out", environment=self.cloud.environment
        )

    def train(self, reason: str = "a test asks for it") -> Execution:
        return follow(start_training(self.deployment, requested_by="tests", reason=reason))

    def finish_release(self, execution: str) -> Execution:
        """Supply traffic and time until the release ends."""
        return follow_release(
            execution,
            cloud=self.cloud,
            traffic=self.traffic(),
            bake_seconds=self.definition.release.bake_seconds,
        )

    def routing(self) -> dict[str, Any]:
        client: Any = boto3.client("lambda")
        alias = client.get_alias(FunctionName=self.deployment.inference_function, Name="live")
        weights: dict[str, float] = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
        return {"stable": alias["FunctionVersion"], "weights": weights}


@contextmanager
def pointed_at(cloud: LocalCloud) -> Iterator[None]:
    """Make boto3 talk to the local cloud for as long as this lasts."""
    before = dict(os.environ)
    os.environ.update(cloud.environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(scope="session")
def _site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    enable_socket()
    folder = tmp_path_factory.mktemp("site")
    data = write_subscriptions(folder / "subscriptions.csv", rows=800)
    models = folder / "models"
    lambdaloop("init", str(data), "--target", "renewed", "--entity", "customer", "--models", str(models))
    [drafted] = models.glob("*.yaml")
    uploaded, history = split_stored(data, folder)
    with ExitStack() as running:
        mlflow = running.enter_context(serve_mlflow())
        definition = complete(drafted, mlflow=mlflow.address)
        cloud = start_local_cloud(folder / "cloud")
        running.callback(cloud.stop)
        with pointed_at(cloud):
            ssm: Any = boto3.client("ssm")
            ssm.put_parameter(Name=TRACKING_SECRET, Value="tests:secret", Type="SecureString")
            lambdaloop("local", "deploy", "--state", str(cloud.state), "--models", str(models))
            deployment = find_deployment(definition.name)
            training_data.upload(
                uploaded, definition=definition, name=data.name, bucket=deployment.data_bucket
            )
            lambdaloop("features", "put", str(history), "--group", GROUP, "--models", str(models))
        yield Site(
            cloud=cloud,
            folder=folder,
            data=data,
            uploaded=uploaded,
            definition=definition,
            deployment=deployment,
            mlflow=mlflow,
        )


@pytest.fixture(scope="session")
def _released_site(_site: Site) -> Site:
    enable_socket()
    with pointed_at(_site.cloud):
        training = read("train", _site.definition.name, "--reason", "the first training")
        release = _site.finish_release(training["release"]["execution"])
        assert release.succeeded, release.cause
    return _site


@pytest.fixture
def site(_site: Site) -> Iterator[Site]:
    """A deployed model; whether a version is released yet depends on the tests before."""
    with pointed_at(_site.cloud):
        yield _site


@pytest.fixture
def released_site(_released_site: Site) -> Iterator[Site]:
    """A model with at least one released version."""
    with pointed_at(_released_site.cloud):
        yield _released_site
