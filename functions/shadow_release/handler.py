"""Step of the release workflow of a model with a shadow stage, after each slice of it."""

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.documents import Document, to_document
from lambdaloop.services.shadow_release import ShadowPorts, shadow_release


def handle(event: Document, app: App) -> Document:
    """{"execution": name, "opened": …, "shadow"?: the answer before} → verdict, how many slices are over, reasons."""
    decision = shadow_release(
        app.definition,
        number=event["opened"]["number"],
        slices=event["shadow"]["slices"] if "shadow" in event else 0,
        execution=event["execution"],
        ports=ShadowPorts(
            versions=app.registry,
            releases=app.registry,
            leases=app.registry,
            artifacts=app.artifacts,
            archive=app.archive,
            traffic=app.traffic,
            metrics=app.shadow_metrics,
            clock=app.clock,
        ),
    )
    return to_document(decision)


handler = lambda_entrypoint(handle)
