"""Eighth step of the training workflow: the package becomes a numbered version."""

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.documents import Document
from lambdaloop.services.register_version import TrainedModel, register_version


def handle(event: Document, app: App) -> Document:
    """{"run": …, "dataset": …, "evaluation": …, "package": …, "parity": …} → the version's number."""
    trained = TrainedModel(
        run=event["run"],
        dataset=event["dataset"],
        evaluation=event["evaluation"],
        package=event["package"],
        parity=event["parity"],
    )
    version = register_version(app.definition, trained=trained, versions=app.registry, clock=app.clock)
    return {"number": version.number}


handler = lambda_entrypoint(handle)
