"""Makes a numbered, immutable version of a run's package."""

from dataclasses import dataclass

from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.definition_digest import check_definition
from lambdaloop.domain.documents import Document, from_document
from lambdaloop.domain.version import Version, VersionDraft
from lambdaloop.ports import Clock, VersionRegistry


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedModel:
    """What the steps of a run found out, as the workflow carries it."""

    run: Document
    dataset: Document
    evaluation: Document
    package: Document
    parity: Document


def register_version(
    definition: ModelDefinition, *, trained: TrainedModel, versions: VersionRegistry, clock: Clock
) -> Version:
    """The version of this run; registering it again gives the same version."""
    check_definition(definition, trained.dataset["definition"])
    origin = trained.evaluation.get("imported")
    winner = None if origin else definition.candidate(trained.evaluation["winner"])
    draft = from_document(
        VersionDraft,
        {
            "model": definition.name,
            "run": trained.run["id"],
            "task": definition.task,
            "manifest": trained.package["manifest"],
            "files": trained.package["files"],
            "estimator": winner.estimator if winner else trained.evaluation["imported"]["estimator"],
            "parameters": winner.parameters if winner else {},
            "imported": origin,
            "metrics": trained.evaluation["metrics"],
            "metric": definition.training.metric,
            "dataset": trained.dataset["manifest"],
            "dataset_digest": trained.dataset["digest"],
            "rows": trained.dataset["rows"],
            "definition_digest": trained.dataset["definition"],
            "split": trained.evaluation.get("split"),
            "trained_on": trained.evaluation.get("trained_on"),
            "comparison": trained.evaluation.get("comparison"),
            "runtime": {**trained.package["runtime"], "speed": trained.parity["speed"]},
            "gate": {
                "passed": trained.evaluation["passed"],
                "champion": trained.evaluation.get("champion"),
                "checks": trained.evaluation["checks"],
            },
        },
    )
    return versions.register_version(draft, by=trained.run["requested_by"], at=clock.now())
