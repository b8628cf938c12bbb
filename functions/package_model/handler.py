"""Sixth step of the training workflow: write the files of a version."""

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.documents import Document, from_document, to_document
from lambdaloop.services.package_model import package_model


def handle(event: Document, app: App) -> Document:
    """{"dataset": …, "evaluation": …} → the manifest and every file by name."""
    dataset, evaluation = event["dataset"], event["evaluation"]
    package = package_model(
        app.definition,
        winner=evaluation["winner"],
        definition_digest=dataset["definition"],
        estimator=from_document(Artifact, evaluation["estimator"]),
        # Not told by a step that ran before this code was deployed: then there is one estimator only.
        evaluated=from_document(Artifact, evaluation.get("evaluated", evaluation["estimator"])),
        report=from_document(Artifact, evaluation["report"]),
        manifest=from_document(Artifact, dataset["manifest"]),
        dataset_digest=dataset["digest"],
        artifacts=app.artifacts,
        datasets=app.datasets,
    )
    return to_document(package)


handler = lambda_entrypoint(handle)
