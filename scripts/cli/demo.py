"""`lambdaloop demo`: the product on this machine, told as it happens.

What only a demo needs is imported where it is needed: numpy and the runtime of models take longer to load than other commands
take to run, and one of those is `lambdaloop rollback`.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.cli.demo_data import write_breast_cancer
from scripts.cli.demo_setup import DemoFailedError, deploy_model, train_first
from scripts.cli.demo_story import Story, summarise
from scripts.cli.demo_traffic import Traffic, follow_release
from scripts.cli.init import write_definition
from scripts.cli.local_process import LocalCloud, start_local_cloud

if TYPE_CHECKING:
    from lambdaloop.domain.definition import ModelDefinition
    from scripts.cli.demo_stream import Stream


def demo(
    data: Annotated[
        Path | None,
        typer.Option(help="A CSV file of yours (default: breast cancer; with --loop a stream).", exists=True),
    ] = None,
    target: Annotated[str | None, typer.Option(help="The column to predict; needed with --data.")] = None,
    entity: Annotated[str | None, typer.Option(help="The column that says who a row is about.")] = None,
    definition: Annotated[
        Path | None,
        typer.Option(
            help="A model definition of yours for --data (default: inferred).", exists=True, dir_okay=False
        ),
    ] = None,
    requests: Annotated[int, typer.Option(help="Predictions to ask for once released.", min=1)] = 500,
    loop: Annotated[
        bool, typer.Option("--loop", help="Close the loop: replay rows in time order, watch, train again.")
    ] = False,
    experiment: Annotated[
        bool, typer.Option("--experiment", help="Two versions, simulated users, and a decision between them.")
    ] = False,
    days: Annotated[
        int | None,
        typer.Option(help="With --loop: virtual days to replay (default: all; 90 built in).", min=1),
    ] = None,
    rows_per_day: Annotated[int, typer.Option(help="With --loop: rows of a virtual day.", min=2)] = 48,
    label_delay_days: Annotated[
        int, typer.Option(help="With --loop: days until it is known what really happened.", min=0)
    ] = 1,
    keep: Annotated[bool, typer.Option(help="Leave the local cloud up and say how to use it.")] = False,
    reports: Annotated[
        Path | None, typer.Option(help="Folder for the reports (default: a new temporary one, which stays).")
    ] = None,
    summary: Annotated[
        Path | None, typer.Option(help="Write what happened to this JSON file, also when it failed.")
    ] = None,
) -> None:
    """Deploy, train, register, release and predict, offline, through the stack that `cdk deploy` puts into AWS.

    With --loop also watch: a stream is replayed in virtual time, and the model is trained again when it should be.
    With --experiment two versions answer simulated users side by side, in virtual time, until one of them wins.
    """
    if experiment and (loop or data is not None):
        raise typer.BadParameter("--experiment simulates its own users: give it without --loop and --data")
    if definition is not None and (loop or experiment or data is None or target or entity):
        raise typer.BadParameter(
            "--definition says target and entity itself: give it with --data and without these"
        )
    if data is not None and target is None and definition is None:
        raise typer.BadParameter("--data needs --target: which column shall be predicted?")
    folder = Path(tempfile.mkdtemp(prefix="lambdaloop-demo-"))
    cloud: LocalCloud | None = None
    story = Story()
    try:
        with story.written_to(summary):
            with story.step("start", "Start the local cloud"):
                cloud = start_local_cloud(folder / "cloud", keep=keep)
            os.environ |= cloud.environment
            if experiment:
                from scripts.cli.demo_experiment import run_experiment

                run_experiment(cloud, story, folder)
            elif loop:
                from scripts.cli.demo_loop import run_loop

                stream = _stream(folder / "stream", data, target, days, rows_per_day, label_delay_days)
                run_loop(cloud, story, folder, stream, entity=entity)
            else:
                run(
                    cloud,
                    story,
                    folder,
                    data or write_breast_cancer(folder),
                    adopted(definition) if definition else _inferred(target or "diagnosis", entity),
                    requests,
                )
            from scripts.cli.demo_reports import leave_reports

            leave_reports(story, reports)
        if experiment:
            story.tell(f"All in {story.seconds:.0f} s")
        elif loop:
            from scripts.cli.demo_loop_story import tell_loop

            tell_loop(story.facts, seconds=story.seconds)
        else:
            story.tell_end()
    finally:
        if cloud is not None and not (keep and sys.exc_info()[0] is None):
            cloud.stop()
            shutil.rmtree(folder, ignore_errors=True)
    if keep:
        story.tell_how_to_go_on(cloud)


def _stream(
    folder: Path,
    data: Path | None,
    target: str | None,
    days: int | None,
    rows_per_day: int,
    label_delay_days: int,
) -> "Stream":
    from scripts.cli.demo_stream import built_in_stream, stream_of_file

    if data is None or target is None:
        return built_in_stream(
            folder, days=days, rows_per_day=rows_per_day, label_delay_days=label_delay_days
        )
    return stream_of_file(
        data, folder, target=target, days=days, rows_per_day=rows_per_day, label_delay_days=label_delay_days
    )


Define = Callable[[Path, Path], "ModelDefinition"]
"""Puts a definition for a file into a folder."""


def _inferred(target: str, entity: str | None) -> Define:
    return lambda data, models: write_definition(data, target=target, entity=entity, name=None, models=models)


def adopted(source: Path) -> Define:
    """Somebody's own definition, as it stands; DemoFailedError when its releases wait for a person."""

    def adopt(_: Path, models: Path) -> "ModelDefinition":
        from lambdaloop.definition_schema import load_definition

        definition = load_definition(source)
        if not definition.release.automatic or definition.release.approval:
            raise DemoFailedError(
                f"{source} waits for a person: the demo needs release.automatic true and no release.approval"
            )
        models.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, models / f"{definition.name}.yaml")
        return definition

    return adopt


def run(cloud: LocalCloud, story: Story, folder: Path, data: Path, define: Define, requests: int) -> None:
    """From a file to answers over HTTP, step by step."""
    models = folder / "models"
    with story.step("define", f"Define a model for {data.name}"):
        definition = define(data, models)
    story.facts = {"model": definition.name, "task": definition.task}
    story.tell(
        f"{definition.name}: {definition.task}, {len(definition.features)} features, target {definition.target}"
    )
    deployment = deploy_model(cloud, story, folder, definition, data=data)
    training = train_first(deployment, story)

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
