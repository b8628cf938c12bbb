"""Ordinary records for tests that need some, and care only about a part of them."""

from datetime import UTC, datetime
from typing import Any

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.bundle import Bundle, pack_bundle
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.documents import Document, from_document
from lambdaloop.domain.golden import GoldenOutput, GoldenRows
from lambdaloop.domain.releasing_rules import ReleaseRules
from lambdaloop.domain.run import Run
from lambdaloop.domain.signature import Signature
from lambdaloop.domain.version import BUNDLE, VersionDraft

MODEL = "churn"
MORNING = datetime(2026, 3, 2, 9, tzinfo=UTC)


def definition(**release: Any) -> ModelDefinition:
    """A binary model with two features; keywords go into its release section."""
    return from_document(
        ModelDefinition,
        {
            "name": MODEL,
            "task": "binary",
            "target": "left",
            "classes": ["no", "yes"],
            "features": {
                "age": {"type": "number", "nullable": True},
                "plan": {"type": "category", "categories": ["a", "b"]},
            },
            "data": {"location": "churn/"},
            "training": {
                "metric": "roc_auc",
                "candidates": [
                    {"name": "linear", "estimator": "logistic_regression", "parameters": {"C": 0.1}},
                    {"name": "forest", "estimator": "random_forest"},
                ],
            },
            "release": {"steps": [10, 50, 100], "bake_seconds": 300, "alarms": [], **release},
            # Copying requests takes a log that keeps all of them.
            "serving": {"capture": ["age", "plan"] if release.get("shadow") else []},
        },
    )


def rules(**changes: Any) -> ReleaseRules:
    """The release section of the same model."""
    return definition(**changes).release


def artifact(name: str = "bundle.zip", sha256: str = "ab" * 32) -> Artifact:
    """A reference to nothing."""
    return Artifact(key=f"models/{MODEL}/artifacts/{sha256}/{name}", version_id="v1", sha256=sha256, size=3)


def run(identity: str = "run-1") -> Run:
    """A run that has just started."""
    return Run(id=identity, model=MODEL, reason="new data", requested_by="ml-team", started_at=MORNING)


def draft(
    run_id: str = "run-1", *, bundle: Artifact | None = None, metrics: Document | None = None
) -> VersionDraft:
    """What a run would register."""
    return VersionDraft(
        model=MODEL,
        run=run_id,
        task="binary",
        manifest=artifact("manifest.json", "cd" * 32),
        files={BUNDLE: bundle or artifact()},
        estimator="logistic_regression",
        parameters={"C": 0.1, "penalty": "l2", "warm_start": False, "max_iter": 500, "l1_ratio": None},
        metrics={"roc_auc": 0.8431, "log_loss": 0.41} if metrics is None else metrics,
        metric="roc_auc",
        dataset=artifact("dataset.json", "ef" * 32),
        dataset_digest="01" * 32,
        rows=7043,
        gate={"passed": True, "checks": [{"name": "minimum", "value": 0.8431, "limit": 0.8}]},
    )


def golden(rows: int = 3) -> GoldenRows:
    """Golden rows whose probability of yes is age / 1000."""
    return GoldenRows(
        rows=tuple({"age": float(i), "plan": "a"} for i in range(rows)),
        outputs=tuple(
            GoldenOutput(value="no", probabilities={"no": 1 - i / 1000, "yes": i / 1000}, margin=0.5)
            for i in range(rows)
        ),
    )


def bundle(rows: int = 3) -> bytes:
    """A served bundle whose graph is no graph: the release side never reads it."""
    return pack_bundle(
        Bundle(signature=Signature.of(definition()), model=b"graph", golden_json=golden(rows).to_json())
    )
