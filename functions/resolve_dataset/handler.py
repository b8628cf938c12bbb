"""Second step of the training workflow: pin the data."""

from datetime import datetime

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.definition_digest import check_definition, definition_digest
from lambdaloop.domain.documents import Document, from_document, to_document
from lambdaloop.domain.run import Run
from lambdaloop.services.resolve_dataset import CapturedFile, resolve_dataset


def handle(event: Document, app: App) -> Document:
    """{"run": …, "captured": …} → the dataset: manifest, digest, rows and where they come from; the definition's digest."""
    run = event["run"]
    # An execution that began before this code was deployed has no such key.
    collected = event.get("captured", {})
    captured = None
    if "file" in collected:
        check_definition(app.definition, collected["definition"])
        captured = CapturedFile(
            file=from_document(Artifact, collected["file"]), until=datetime.fromisoformat(collected["until"])
        )
    dataset, manifest = resolve_dataset(
        app.definition,
        run=Run(
            id=run["id"],
            model=app.definition.name,
            reason=run["reason"],
            requested_by=run["requested_by"],
            started_at=app.clock.now(),
            captured_until=captured.until if captured else None,
            captured=collected["reason"] if "until" in collected else None,
        ),
        captured=captured,
        datasets=app.datasets,
        artifacts=app.artifacts,
        runs=app.registry,
        versions=app.registry,
    )
    return {
        "manifest": to_document(manifest),
        "digest": dataset.digest,
        "definition": definition_digest(app.definition),
        "rows": dataset.rows,
        "uploaded_rows": dataset.uploaded_rows,
        "captured_rows": dataset.captured_rows,
        "files": len(dataset.files),
    }


handler = lambda_entrypoint(handle)
