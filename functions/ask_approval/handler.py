"""Asks people for their consent to a release, and reminds them; the workflow waits until somebody answers."""

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.documents import Document
from lambdaloop.services.ask_approval import ask_approval


def handle(event: Document, app: App) -> Document:
    """{"execution": name, "opened": …, "token": of the task that waits, "reminder": bool} → until when."""
    approval = ask_approval(
        app.definition,
        number=event["opened"]["number"],
        execution=event["execution"],
        token=event["token"],
        reminder=event["reminder"],
        api_endpoint=app.settings.need("api_endpoint"),
        versions=app.registry,
        releases=app.registry,
        approvals=app.registry,
        leases=app.registry,
        notices=app.notices,
        clock=app.clock,
    )
    return {"expires_at": approval.expires_at.isoformat()}


handler = lambda_entrypoint(handle)
