"""Last step of a training workflow whose model is released automatically."""

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.documents import Document
from lambdaloop.services.start_release import start_release


def handle(event: Document, app: App) -> Document:
    """{"run": …, "version": …} → ARN of the release workflow's execution."""
    execution = start_release(
        model=app.definition.name,
        version=event["version"]["number"],
        run=event["run"]["id"],
        requested_by=event["run"]["requested_by"],
        workflow=app.settings.need("release_workflow"),
        workflows=app.workflows,
    )
    return {"execution": execution}


handler = lambda_entrypoint(handle)
