"""Puts files of features as they arrive in the data bucket."""

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.documents import Document, to_document
from lambdaloop.services.put_incoming import put_incoming


def handle(event: Document, app: App) -> Document:
    """EventBridge's "Object Created" → how many rows were put, or the reason why none was."""
    found = event["detail"]["object"]
    outcome = put_incoming(
        found["key"],
        found["version-id"],
        groups=app.feature_groups,
        datasets=app.datasets,
        store=app.feature_store,
        history=app.feature_history,
        notices=app.notices,
        now=app.clock.now(),
    )
    return to_document(outcome)


handler = lambda_entrypoint(handle)
