"""`lambdaloop demo --experiment`: two versions, simulated users, virtual time, and a decision that can be held against the truth."""

import csv
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import boto3
import yaml

from lambdaloop.adapters.dynamo_registry import DynamoRegistry
from lambdaloop.adapters.s3_artifacts import S3ArtifactStore
from lambdaloop.adapters.step_functions import StepFunctionsWorkflows
from lambdaloop.definition_schema import parse_definition
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.definition_text import render_yaml
from lambdaloop.domain.documents import from_document, to_document
from lambdaloop.domain.experiment import Arm, Experiment, ExperimentRules
from lambdaloop.domain.experiment_request import ExperimentRequest, split_evenly
from lambdaloop.domain.schema_inference import infer_definition
from lambdaloop.domain.version import BUNDLE
from lambdaloop.serving.served_model import LoadedBundle
from scripts.cli.demo_setup import DemoFailedError, deploy_model, train_first
from scripts.cli.demo_story import Story
from scripts.cli.demo_visitors import TICK, Visitors
from scripts.cli.experiment_story import difference_text, print_experiment
from scripts.cli.invoking import ask
from scripts.cli.local_process import LocalCloud
from scripts.cli.simulated_users import ENTITY, TARGET, User, users
from scripts.cli.stacks import Deployment

SMALLEST_EFFECT = 0.05
_HOUR = 3600.0
_LONGEST_DAYS = 3
_TRAINING_ROWS = 1500
_TRUTH_ROWS = 20_000
_CONTROL, _CHALLENGER = "control", "challenger"


@dataclass(frozen=True, kw_only=True)
class Truth:
    """How often each version is right about users like these."""

    control: float
    challenger: float

    @property
    def difference(self) -> float:
        """What the experiment should find."""
        return self.challenger - self.control


def run_experiment(cloud: LocalCloud, story: Story, folder: Path) -> None:
    """Train before and after the world changed, and let both versions answer side by side until one of them wins."""
    first = _write(folder / "before" / "subscribers.csv", since_discount=False, seed=1)
    with story.step("define", "Infer the model definition from the simulated users"):
        definition = _write_definition(first, folder / "models")
    deployment = deploy_model(cloud, story, folder, definition, data=first)
    train_first(deployment, story)
    cloud.freeze()
    visitors = Visitors(cloud, deployment)
    with story.step("release", "Release version 1"):
        _release(deployment, visitors)
    with story.step("retrain", "A raised discount changes who renews: train version 2 on newer users"):
        _train_again(deployment, definition, folder, story)
    with story.step("begin", f"Start an experiment: {_CONTROL} is version 1, {_CHALLENGER} is version 2"):
        experiment = _start(deployment, visitors)
    truth = _truth(deployment, definition)
    story.tell(
        f"What the experiment cannot know: version 1 is right about {truth.control:.1%} of these users, version 2 about "
        f"{truth.challenger:.1%}"
    )
    with story.timed("experiment"):
        ended = _watch(deployment, visitors, experiment, story)
    print_experiment(ended)
    story.facts = _facts(deployment, visitors, ended, truth)
    story.tell(
        f"{story.facts['users']} users, {story.facts['changed_arms']} of them ever saw another arm; true difference "
        f"{truth.difference:+.4f}, found {difference_text(ended.looks[-1].contrasts[0])}"
    )


def _write(path: Path, *, since_discount: bool, seed: int) -> Path:
    rows = islice(users(since_discount=since_discount, seed=seed, first=seed * 1_000_000), _TRAINING_ROWS)
    path.parent.mkdir(parents=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        for number, user in enumerate(rows):
            if number == 0:
                writer.writerow([*user.row, TARGET])
            writer.writerow([*user.row.values(), user.renews])
    return path


def _write_definition(data: Path, models: Path) -> ModelDefinition:
    inferred = infer_definition(data.read_bytes(), name="subscribers", target=TARGET, entity=ENTITY)
    document = yaml.safe_load(render_yaml(inferred)) | {
        "training": {
            "metric": "accuracy",
            "candidates": [{"name": "linear", "estimator": "logistic_regression"}],
            "folds": 3,
        },
        "gate": {"max_drop": 0.05},
        "release": {
            "automatic": False,
            "steps": "all_at_once",
            "bake_seconds": int(2 * TICK),
            "min_requests": 4,
            "max_p95_latency_ms": 5000,
            # Versions that learned from different worlds disagree, and the experiment is there to say who is right.
            "behaviour": {"max_disagreement": 1.0, "max_prediction_drift": 10.0, "max_estimated_drop": 1.0},
        },
        "serving": {"capture": list(inferred.definition.features)},
        "monitoring": {"every_hours": 24},
        "retraining": {"on": []},
    }
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    path = models / "subscribers.yaml"
    definition = parse_definition(text, source=str(path))
    models.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return definition


def _release(deployment: Deployment, visitors: "Visitors") -> None:
    StepFunctionsWorkflows().start(
        workflow=deployment.release_workflow,
        name=f"first-{uuid.uuid4().hex[:8]}",
        document={
            "model": deployment.model,
            "version": 1,
            "requested_by": "demo",
            "reason": "the first release",
        },
    )
    registry = DynamoRegistry(table=deployment.registry_table)
    visitors.come_until(
        lambda: any(release.status == "live" for release in registry.releases(deployment.model)),
        what="the first release",
    )
    visitors.statuses.clear()  # until then nobody was there to answer


def _train_again(deployment: Deployment, definition: ModelDefinition, folder: Path, story: Story) -> None:
    newer = _write(folder / "since" / "subscribers.csv", since_discount=True, seed=2)
    key = f"{definition.data.location}subscribers.csv"
    boto3.client("s3").upload_file(str(newer), deployment.data_bucket, key)
    train_first(deployment, story)


def _start(deployment: Deployment, visitors: "Visitors") -> Experiment:
    request = ExperimentRequest(
        id=f"demo-{uuid.uuid4().hex[:6]}",
        arms=tuple(
            Arm(name=name, version=version, share=share)
            for (name, version), share in zip(((_CONTROL, 1), (_CHALLENGER, 2)), split_evenly(2), strict=True)
        ),
        rules=ExperimentRules(outcome="correct", smallest_effect=SMALLEST_EFFECT, max_days=_LONGEST_DAYS),
        requested_by="demo",
        reason="is the newer version better?",
    )
    answer = ask(deployment.experiment_starter, to_document(request), what="the demo's function")
    started = from_document(Experiment, answer)
    registry = DynamoRegistry(table=deployment.registry_table)

    def runs() -> bool:
        present = registry.experiment(deployment.model, started.id)
        if present.status == "failed":
            raise DemoFailedError(f"the experiment did not start: {present.conclusion}")
        return present.status == "running"

    visitors.come_until(runs, what="the experiment's release")
    return registry.experiment(deployment.model, started.id)


def _watch(deployment: Deployment, visitors: "Visitors", experiment: Experiment, story: Story) -> Experiment:
    """Let users come and go until the experiment has ended."""
    registry = DynamoRegistry(table=deployment.registry_table)
    told: set[datetime] = set()

    def over() -> bool:
        present = registry.experiment(deployment.model, experiment.id)
        for look in present.looks:
            if look.at not in told:
                told.add(look.at)
                hours = (look.at - (experiment.started_at or look.at)).total_seconds() / _HOUR
                shown = difference_text(look.contrasts[0]) if look.contrasts else None
                units = sum(figures.measured for figures in look.figures.values())
                story.tell(f"hour {hours:5.1f}  {units:>5} users  {look.verdict:<10} {shown or ''}")
        return present.ended_at is not None

    visitors.come_until(over, what="the experiment", days=_LONGEST_DAYS + 1)
    return registry.experiment(deployment.model, experiment.id)


def _truth(deployment: Deployment, definition: ModelDefinition) -> Truth:
    crowd = list(islice(users(since_discount=True, seed=99, first=10**8), _TRUTH_ROWS))
    registry, store = (
        DynamoRegistry(table=deployment.registry_table),
        S3ArtifactStore(bucket=deployment.model_bucket),
    )
    control, challenger = (
        _right(
            LoadedBundle.from_bytes(store.get(registry.version(definition.name, number).files[BUNDLE])), crowd
        )
        for number in (1, 2)
    )
    return Truth(control=control, challenger=challenger)


def _right(model: LoadedBundle, crowd: Sequence[User]) -> float:
    outputs = model.predict([user.row for user in crowd])
    hits = sum(output.value == user.renews for output, user in zip(outputs, crowd, strict=True))
    return hits / len(crowd)


def _facts(deployment: Deployment, visitors: "Visitors", ended: Experiment, truth: Truth) -> dict[str, Any]:
    registry = DynamoRegistry(table=deployment.registry_table)
    live = next(release for release in registry.releases(deployment.model) if release.status == "live")
    look = ended.looks[-1]
    [contrast] = look.contrasts
    begun, over = ended.started_at or datetime.now(UTC), ended.ended_at or datetime.now(UTC)
    return {
        "model": deployment.model,
        "experiment": to_document(ended),
        "verdict": ended.verdict,
        "winner": ended.winner,
        "live_version": live.version,
        "hours": (over - begun).total_seconds() / _HOUR,
        "users": len(visitors.arms),
        "changed_arms": visitors.changed_arms,
        "true_difference": truth.difference,
        "found_difference": contrast.difference,
        "low": contrast.low,
        "high": contrast.high,
        "predictions": visitors.summary,
        "example_row": visitors.example_row,
        "endpoint": deployment.predict_url,
        "function": deployment.inference_function,
        "registry_table": deployment.registry_table,
    }
