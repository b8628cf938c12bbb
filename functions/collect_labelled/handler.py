"""First step of the training workflow: what has turned out to be true about predictions since."""

from datetime import UTC, datetime

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.definition_digest import definition_digest
from lambdaloop.domain.documents import Document, to_document
from lambdaloop.services.collect_labelled import collect_labelled


def handle(event: Document, app: App) -> Document:
    """{"run": …} → the number of captured rows to train on, where they lie, or why there are none.

    Only a run that says `captured_until` uses captured rows.
    """
    until = event["run"].get("captured_until")
    collected = collect_labelled(
        app.definition,
        until=None if until is None else datetime.fromisoformat(until).astimezone(UTC),
        capture=app.archive,
        datasets=app.datasets,
        artifacts=app.artifacts,
    )
    return {**to_document(collected), "definition": definition_digest(app.definition)}


handler = lambda_entrypoint(handle)
