"""Fourth step of the training workflow, once per candidate: cross-validate it."""

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.documents import Document, from_document, to_document
from lambdaloop.services.train_candidate import train_candidate


def handle(event: Document, app: App) -> Document:
    """{"dataset": …, "candidate": name} → its score; a score without a value is left out."""
    result = train_candidate(
        app.definition,
        name=event["candidate"],
        definition_digest=event["dataset"]["definition"],
        manifest=from_document(Artifact, event["dataset"]["manifest"]),
        artifacts=app.artifacts,
        datasets=app.datasets,
        clock=app.clock,
    )
    return to_document(result)


handler = lambda_entrypoint(handle)
