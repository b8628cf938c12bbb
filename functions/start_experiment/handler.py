"""Starts an experiment; asked by people."""

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.documents import Document, from_document, to_document
from lambdaloop.domain.errors import ExperimentInvalidError
from lambdaloop.domain.experiment_request import ExperimentRequest
from lambdaloop.services.start_experiment import start_experiment


def handle(event: Document, app: App) -> Document:
    """An ExperimentRequest → the experiment's record."""
    try:
        request = from_document(ExperimentRequest, event)
    except ValueError as error:
        raise ExperimentInvalidError(str(error)) from error
    experiment = start_experiment(
        app.definition,
        request,
        workflow=app.settings.need("release_workflow"),
        versions=app.registry,
        releases=app.registry,
        experiments=app.registry,
        artifacts=app.artifacts,
        workflows=app.workflows,
        clock=app.clock,
    )
    return to_document(experiment)


handler = lambda_entrypoint(handle)
