"""Third step of the release workflow, once per step of the release."""

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.documents import Document, to_document
from lambdaloop.services.shift_traffic import shift_traffic


def handle(event: Document, app: App) -> Document:
    """{"execution": name, "opened": …, "judgement"?: …} → step, weight, since when, and how long to bake."""
    shift = shift_traffic(
        model=app.definition.name,
        number=event["opened"]["number"],
        step=event["judgement"]["next_step"] if "judgement" in event else 0,
        execution=event["execution"],
        releases=app.registry,
        approvals=app.registry,
        leases=app.registry,
        traffic=app.traffic,
        clock=app.clock,
    )
    return to_document(shift)


handler = lambda_entrypoint(handle)
