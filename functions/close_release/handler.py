"""Last step of a release that passed."""

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.documents import Document
from lambdaloop.services.close_release import close_release


def handle(event: Document, app: App) -> Document:
    """{"execution": name, "opened": …} → the release's status and the model version that is champion now."""
    release = close_release(
        model=app.definition.name,
        number=event["opened"]["number"],
        execution=event["execution"],
        releases=app.registry,
        leases=app.registry,
        traffic=app.traffic,
        clock=app.clock,
    )
    return {"status": release.status, "version": release.version}


handler = lambda_entrypoint(handle)
