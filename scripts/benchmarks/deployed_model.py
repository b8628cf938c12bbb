"""A local cloud with one model that serves, made as people make it: a file of rows, a definition, a deployment, a training."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3

from lambdaloop.domain.definition import ModelDefinition
from scripts.cli import cdk
from scripts.cli.demo_data import write_breast_cancer
from scripts.cli.demo_traffic import Traffic, follow_release
from scripts.cli.executions import Execution, follow
from scripts.cli.init import write_definition
from scripts.cli.local_process import LocalCloud, start_local_cloud
from scripts.cli.stacks import Deployment, find_deployment
from scripts.cli.train import start_training


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedModel:
    """Version 1 is live."""

    cloud: LocalCloud
    definition: ModelDefinition
    deployment: Deployment
    data: Path

    def finish_release(self, execution: str) -> None:
        """Supply traffic and time until it has succeeded; RuntimeError when it ends otherwise."""
        succeeded(
            follow_release(
                execution,
                cloud=self.cloud,
                traffic=Traffic(self.deployment, self.data),
                bake_seconds=self.definition.release.bake_seconds,
            )
        )


@contextmanager
def deployed_model() -> Iterator[DeployedModel]:
    """AWS clients of this process talk to that cloud for as long as this lasts."""
    with tempfile.TemporaryDirectory(prefix="lambdaloop-bench-") as name:
        folder = Path(name)
        cloud = start_local_cloud(folder / "cloud")
        before = dict(os.environ)
        os.environ.update(cloud.environment)
        try:
            yield _deploy(cloud, folder)
        finally:
            os.environ.clear()
            os.environ.update(before)
            cloud.stop()


def succeeded(execution: Execution) -> Execution:
    """The execution; RuntimeError when it did not."""
    if not execution.succeeded:
        raise RuntimeError(f"{execution.arn} ended as {execution.status}: {execution.cause}")
    return execution


def _deploy(cloud: LocalCloud, folder: Path) -> DeployedModel:
    data, models = write_breast_cancer(folder), folder / "models"
    definition = write_definition(data, target="diagnosis", entity=None, name=None, models=models)
    cdk.bootstrap(environment=cloud.environment)
    cdk.deploy(models=models, output=folder / "cdk.out", environment=cloud.environment)
    deployment = find_deployment(definition.name)
    boto3.client("s3").upload_file(
        str(data), deployment.data_bucket, f"{definition.data.location}{data.name}"
    )
    deployed = DeployedModel(cloud=cloud, definition=definition, deployment=deployment, data=data)
    training = succeeded(follow(start_training(deployment, requested_by="benchmark", reason="a release")))
    deployed.finish_release(str(training.output["release"]["execution"]))
    return deployed
