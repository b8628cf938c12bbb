"""Third step of the training workflow: hold the data against the definition."""

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.documents import Document, from_document, to_document
from lambdaloop.services.import_model import asked_import
from lambdaloop.services.validate_dataset import validate_dataset


def handle(event: Document, app: App) -> Document:
    """{"run": …, "dataset": …} → rows on either side and the names of the candidates to train."""
    validation = validate_dataset(
        app.definition,
        definition_digest=event["dataset"]["definition"],
        manifest=from_document(Artifact, event["dataset"]["manifest"]),
        artifacts=app.artifacts,
        datasets=app.datasets,
        imported=asked_import(event["run"]),
    )
    return to_document(validation)


handler = lambda_entrypoint(handle)
