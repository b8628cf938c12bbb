"""Tells others what changed in the registry, from the stream of its table."""

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.documents import Document
from lambdaloop.services.publish_events import publish_events


def handle(event: Document, app: App) -> Document:
    """A batch of the stream → what has to come again."""
    failed = publish_events(app.registry_stream.changes(event), bus=app.happening_bus)
    return {"batchItemFailures": [] if failed is None else [{"itemIdentifier": failed}]}


handler = lambda_entrypoint(handle)
