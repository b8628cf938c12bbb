"""Second step of the release workflow."""

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.documents import Document, to_document
from lambdaloop.services.verify_release import verify_release


def handle(event: Document, app: App) -> Document:
    """{"execution": name, "opened": …} → golden rows and the worst difference."""
    verification = verify_release(
        model=app.definition.name,
        number=event["opened"]["number"],
        execution=event["execution"],
        versions=app.registry,
        releases=app.registry,
        leases=app.registry,
        artifacts=app.artifacts,
        traffic=app.traffic,
        clock=app.clock,
    )
    return to_document(verification)


handler = lambda_entrypoint(handle)
