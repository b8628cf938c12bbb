"""Step of the release workflow after the wait for an approval, however that ended."""

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.documents import Document, to_document
from lambdaloop.services.record_approval import record_approval


def handle(event: Document, app: App) -> Document:
    """{"execution": name, "opened": …} → approved or not, and why."""
    outcome = record_approval(
        model=app.definition.name,
        number=event["opened"]["number"],
        execution=event["execution"],
        releases=app.registry,
        approvals=app.registry,
        leases=app.registry,
        clock=app.clock,
    )
    return to_document(outcome)


handler = lambda_entrypoint(handle)
