"""`lambdaloop demo --loop`: a stream is replayed in virtual time, and the loop closes by itself."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from lambdaloop.adapters.dynamo_registry import DynamoRegistry
from lambdaloop.adapters.s3_artifacts import S3ArtifactStore
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.errors import LambdaloopError
from lambdaloop.domain.prediction import Output
from lambdaloop.domain.version import BUNDLE
from lambdaloop.serving.served_model import LoadedBundle
from scripts.cli.demo_chronicle import Chronicle
from scripts.cli.demo_comparison import Answer, compare
from scripts.cli.demo_loop_definition import write_stream_definition
from scripts.cli.demo_loop_story import facts_of, tell_happening
from scripts.cli.demo_replay import DAY, Replay
from scripts.cli.demo_setup import deploy_model, train_first
from scripts.cli.demo_story import Story, summarise
from scripts.cli.demo_stream import Stream
from scripts.cli.local_process import LocalCloud
from scripts.cli.output import console
from scripts.cli.stacks import Deployment

_FIRST_VERSION = 1
_SCORED_AT_ONCE = 5000


class NothingAnsweredError(LambdaloopError):
    """Not one replayed row was answered."""


def run_loop(cloud: LocalCloud, story: Story, folder: Path, stream: Stream, *, entity: str | None) -> None:
    """Train on the first part of a stream, release, and replay the rest day by day."""
    models = folder / "models"
    with story.step("define", f"Infer the model definition from the first part of {stream.whole.name}"):
        definition = write_stream_definition(stream, entity=entity, models=models)
    story.tell(
        f"{definition.name}: {definition.task}, {len(definition.features)} features, target {definition.target}; "
        f"{stream.days} days of {stream.rows_per_day} rows to replay"
    )
    deployment = deploy_model(cloud, story, folder, definition, data=stream.training)
    start = math.ceil(cloud.now() / DAY) * DAY
    cloud.advance(start - cloud.now())  # the first day of the replay begins at midnight
    training = train_first(deployment, story)
    cloud.freeze()
    chronicle = Chronicle.of(deployment, definition, start=datetime.fromtimestamp(cloud.now(), UTC))
    replay = Replay(cloud, deployment, definition, stream)
    with story.timed("replay"):
        _play(replay, chronicle, stream, start)
    with story.step("compare", "Ask the first model for the same rows"):
        comparison = compare(_answers(deployment, definition, replay, stream), definition)
    story.facts = summarise(definition, deployment, training, replay) | facts_of(
        chronicle, comparison, start=datetime.fromtimestamp(start, UTC), days=stream.days
    )
    story.facts["seconds_per_day"] = round(story.timings["replay"] / stream.days, 3)


def _play(replay: Replay, chronicle: Chronicle, stream: Stream, start: float) -> None:
    began = datetime.fromtimestamp(start, UTC)
    columns = (
        TextColumn("[bold]day"),
        MofNCompleteColumn(),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.description}"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=stream.days)

        def meanwhile(busy: Sequence[str]) -> None:
            progress.update(task, description=", ".join(busy)[:60])

        for day in replay.play(start, meanwhile=meanwhile):
            now = datetime.fromtimestamp(start + (day + 1) * DAY, UTC)
            chronicle.update(now, lambda happening: tell_happening(happening, start=began))
            progress.update(task, completed=day + 1, description="")


def _answers(
    deployment: Deployment, definition: ModelDefinition, replay: Replay, stream: Stream
) -> Sequence[Answer]:
    """The rows that were answered, with what the first model says about them."""
    rows = sorted(replay.answers)
    if not rows:
        raise NothingAnsweredError(f"no row was answered: {dict(replay.statuses)}")
    version = DynamoRegistry(table=deployment.registry_table).version(definition.name, _FIRST_VERSION)
    store = S3ArtifactStore(bucket=deployment.model_bucket)
    model = LoadedBundle.from_bytes(store.get(version.files[BUNDLE]))
    static: list[Output] = []
    for begin in range(0, len(rows), _SCORED_AT_ONCE):
        static += model.predict([replay.rows[row] for row in rows[begin : begin + _SCORED_AT_ONCE]])
    return [
        Answer(
            day=row // stream.rows_per_day,
            actual=replay.actuals[row],
            live=replay.answers[row],
            static=output,
        )
        for row, output in zip(rows, static, strict=True)
    ]
