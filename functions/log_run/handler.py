"""Very last step of a training workflow whose runs are told to an MLflow server."""

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.documents import Document, to_document
from lambdaloop.services.log_run import log_run


def handle(event: Document, app: App) -> Document:
    """{"outcome": registered, rejected or failed, "document": the workflow's document} → the server's id of the run, or why none."""
    logged = log_run(
        app.definition,
        outcome=event["outcome"],
        document=event["document"],
        artifacts=app.artifacts,
        tracker=app.tracker,
        metrics=app.tracking_metrics,
        clock=app.clock,
    )
    return to_document(logged)


handler = lambda_entrypoint(handle)
