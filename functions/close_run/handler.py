"""Last step of a training workflow that registers nothing: record why."""

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.documents import Document
from lambdaloop.services.close_run import close_run


def handle(event: Document, app: App) -> Document:
    """{"outcome": rejected or failed, "document": the workflow's document} → the run's status."""
    run = close_run(
        model=app.definition.name,
        outcome=event["outcome"],
        document=event["document"],
        runs=app.registry,
        clock=app.clock,
    )
    return {"status": run.status}


handler = lambda_entrypoint(handle)
