"""`lambdaloop demo`: the whole loop on this machine, told as it happens."""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import boto3
import typer

from lambdaloop.domain.errors import LambdaloopError
from scripts.cli.cdk import bootstrap, deploy, run_and_tell
from scripts.cli.demo_data import write_breast_cancer
from scripts.cli.demo_story import Story, summarise
from scripts.cli.demo_traffic import Traffic, follow_release
from scripts.cli.executions import follow
from scripts.cli.init import write_definition
from scripts.cli.local_process import LocalCloud, start_local_cloud
from scripts.cli.stacks import find_deployment
from scripts.cli.train import report, start_training


class DemoFailedError(LambdaloopError):
    """A step of the demo did not end as it should."""


def demo(
    data: Annotated[
        Path | None, typer.Option(help="A CSV file of yours (default: breast cancer).", exists=True)
    ] = None,
    target: Annotated[str | None, typer.Option(help="The column to predict; needed with --data.")] = None,
    entity: Annotated[str | None, typer.Option(help="The column that says who a row is about.")] = None,
    requests: Annotated[int, typer.Option(help="Predictions to ask for once released.", min=1)] = 500,
    keep: Annotated[bool, typer.Option(help="Leave the local cloud up and say how to use it.")] = False,
    summary: Annotated[Path | None, typer.Option(help="Write what happened to this JSON file.")] = None,
) -> None:
    """Deploy, train, register, release and predict, offline, through the stack that `cdk deploy` puts into AWS."""
    if data is not None and target is None:
        raise typer.BadParameter("--data needs --target: which column shall be predicted?")
    folder = Path(tempfile.mkdtemp(prefix="lambdaloop-demo-"))
    cloud: LocalCloud | None = None
    try:
        story = Story()
        with story.step("start", "Start the local cloud"):
            cloud = start_local_cloud(folder / "cloud", keep=keep)
        os.environ |= cloud.environment
        run(
            cloud, story, folder, data or write_breast_cancer(folder), target or "diagnosis", entity, requests
        )
        if summary is not None:
            summary.write_text(story.to_json(), encoding="utf-8")
        story.tell_end()
    finally:
        if cloud is not None and not (keep and sys.exc_info()[0] is None):
            cloud.stop()
            shutil.rmtree(folder, ignore_errors=True)
    if keep:
        story.tell_how_to_go_on(cloud)


def run(
    cloud: LocalCloud, story: Story, folder: Path, data: Path, target: str, entity: str | None, requests: int
) -> None:
    """The loop itself, step by step."""
    models = folder / "models"
    with story.step("define", f"Infer the model definition from {data.name}"):
        definition = write_definition(data, target=target, entity=entity, name=None, models=models)
    story.tell(
        f"{definition.name}: {definition.task}, {len(definition.features)} features, target {definition.target}"
    )

    with story.step("layers", "Build the Lambda layers for this machine") as tell:
        run_and_tell(
            [sys.executable, "-m", "infra.layer_assets", "--target", "host"], environment={}, tell=tell
        )
    with story.step("bootstrap", "cdk bootstrap") as tell:
        bootstrap(environment=cloud.environment, tell=tell)
    with story.step("deploy", "cdk deploy --all") as tell:
        deploy(models=models, output=folder / "cdk.out", environment=cloud.environment, tell=tell)
    deployment = find_deployment(definition.name)
    story.tell(f"HTTPS API: {deployment.api_endpoint}")

    with story.step("upload", "Upload the training data"):
        key = f"{definition.data.location}{data.stem}.csv"
        boto3.client("s3").upload_file(str(data), deployment.data_bucket, key)

    with story.timed("train"):
        arn = start_training(deployment, requested_by="demo", reason="first training of the demo")
        training = follow(arn)
    if not training.succeeded or "version" not in training.output:
        raise DemoFailedError(
            f"training did not register a version: {training.cause or training.output.get('evaluation')}"
        )
    report(training)

    traffic = Traffic(deployment, data)
    with story.timed("release"):
        release = follow_release(
            training.output["release"]["execution"],
            cloud=cloud,
            traffic=traffic,
            bake_seconds=definition.release.bake_seconds,
        )
    if not release.succeeded:
        raise DemoFailedError(f"the release did not complete: {release.cause}")

    with story.step("predict", f"Send {requests} predictions over HTTP"):
        traffic.send(requests)
    story.facts = summarise(definition, deployment, training, traffic)
