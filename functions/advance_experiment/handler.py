"""First and last step of the experiment workflow: does what is due; also asked by people, to conclude and to stop."""

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.documents import Document, from_document, to_document
from lambdaloop.domain.errors import ExperimentInvalidError
from lambdaloop.services.advance_experiment import ExperimentPorts, Order, advance_experiment


def handle(event: Document, app: App) -> Document:
    """{"order": Order}? → status, and id and record of the experiment; status `none` where there is none."""
    try:
        order = from_document(Order, event["order"]) if event.get("order") else None
    except ValueError as error:
        raise ExperimentInvalidError(str(error)) from error
    experiment = advance_experiment(
        app.definition.name,
        order=order,
        workflow=app.settings.need("release_workflow"),
        ports=ExperimentPorts(
            releases=app.registry,
            experiments=app.registry,
            workflows=app.workflows,
            notices=app.notices,
            clock=app.clock,
        ),
    )
    if experiment is None:
        return {"status": "none"}
    # Looks are many; whoever wants them asks the registry.
    record = {name: value for name, value in to_document(experiment).items() if name != "looks"}
    return {"status": experiment.status, "id": experiment.id, "experiment": record}


handler = lambda_entrypoint(handle)
