"""How every demo begins: layers, bootstrap, deployment, upload, and a first training."""

import sys
from pathlib import Path

import boto3

from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.errors import LambdaloopError
from scripts.cli.cdk import bootstrap, deploy, run_and_tell
from scripts.cli.demo_story import Story, rejection
from scripts.cli.executions import Execution, follow
from scripts.cli.local_process import LocalCloud
from scripts.cli.stacks import Deployment, find_deployment
from scripts.cli.train import report, start_training


class DemoFailedError(LambdaloopError):
    """A step of the demo did not end as it should."""


def deploy_model(
    cloud: LocalCloud, story: Story, folder: Path, definition: ModelDefinition, *, data: Path
) -> Deployment:
    """Put the stacks of the definitions in `folder`/models into the cloud, and the training data into their bucket."""
    with story.step("layers", "Build the Lambda layers for this machine") as tell:
        run_and_tell(
            [sys.executable, "-m", "infra.layer_assets", "--target", "host"], environment={}, tell=tell
        )
    with story.step("bootstrap", "cdk bootstrap") as tell:
        bootstrap(environment=cloud.environment, tell=tell)
    with story.step("deploy", "cdk deploy --all") as tell:
        deploy(models=folder / "models", output=folder / "cdk.out", environment=cloud.environment, tell=tell)
    deployment = find_deployment(definition.name)
    story.tell(f"HTTPS API: {deployment.api_endpoint}")
    with story.step("upload", "Upload the training data"):
        key = f"{definition.data.location}{data.stem}.csv"
        boto3.client("s3").upload_file(str(data), deployment.data_bucket, key)
    return deployment


def train_first(deployment: Deployment, story: Story) -> Execution:
    """The first training, step by step; DemoFailedError when it registers no version."""
    with story.timed("train"):
        arn = start_training(deployment, requested_by="demo", reason="first training of the demo")
        training = follow(arn)
    require_version(training, story)
    report(training)
    return training


def require_version(training: Execution, story: Story) -> None:
    """DemoFailedError for a training that registered none; the story has what the gate had against it."""
    if not training.succeeded:
        raise DemoFailedError(f"the training failed: {training.cause}")
    if "version" not in training.output:
        story.facts |= rejection(training)
        reasons = [each["reason"] for each in story.facts["gate"]["checks"] if not each["passed"]]
        raise DemoFailedError(f"the gate rejected the training: {'; '.join(reasons)}")
