"""The governor: asked by the watch, by alarms, by uploads, by a schedule and by people."""

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.documents import Document, to_document
from lambdaloop.domain.retraining_request import read_request
from lambdaloop.services.govern_retraining import GovernorPorts, govern_retraining


def handle(event: Document, app: App) -> Document:
    """{"cause": …} or an event of EventBridge → the decision and, where it starts a training, the execution's ARN."""
    decision, execution = govern_retraining(
        app.definition,
        request=read_request(event, model=app.definition.name, now=app.clock.now()),
        workflow=app.settings.need("training_workflow"),
        ports=GovernorPorts(
            runs=app.registry,
            versions=app.registry,
            releases=app.registry,
            experiments=app.registry,
            windows=app.registry,
            decisions=app.registry,
            workflows=app.workflows,
            metrics=app.retraining_metrics,
            clock=app.clock,
        ),
    )
    return {
        "id": decision.id,
        "retrain": decision.retrain,
        "reason": decision.reason,
        "checks": [to_document(check) for check in decision.checks],
        "run": decision.run,
        "execution": execution,
    }


handler = lambda_entrypoint(handle)
