"""First step of the training workflow: pin the data."""

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.definition_digest import definition_digest
from lambdaloop.domain.documents import Document, to_document
from lambdaloop.services.resolve_dataset import resolve_dataset


def handle(event: Document, app: App) -> Document:
    """{"run": …} → the dataset: manifest, digest, rows and number of files; and the digest of the definition of this run."""
    run = event["run"]
    dataset, manifest = resolve_dataset(
        app.definition,
        run=run["id"],
        reason=run["reason"],
        requested_by=run["requested_by"],
        started_at=app.clock.now(),
        datasets=app.datasets,
        artifacts=app.artifacts,
        runs=app.registry,
    )
    return {
        "manifest": to_document(manifest),
        "digest": dataset.digest,
        "definition": definition_digest(app.definition),
        "rows": dataset.rows,
        "files": len(dataset.files),
    }


handler = lambda_entrypoint(handle)
