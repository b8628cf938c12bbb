"""First step of the release workflow."""

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.documents import Document, from_document
from lambdaloop.services.open_release import ReleaseRequest, open_release


def handle(event: Document, app: App) -> Document:
    """{"request": …, "execution": name} → number, Lambda version and status of the release, and whether it is the first.

    `live` is one that needs nothing more.
    """
    release = open_release(
        app.definition,
        request=from_document(ReleaseRequest, event["request"]),
        execution=event["execution"],
        bootstrap_version=app.settings.need("bootstrap_version"),
        versions=app.registry,
        releases=app.registry,
        experiments=app.registry,
        leases=app.registry,
        traffic=app.traffic,
        clock=app.clock,
    )
    return {
        "number": release.number,
        "lambda_version": release.lambda_version,
        "first": release.first,
        "status": release.status,
    }


handler = lambda_entrypoint(handle)
