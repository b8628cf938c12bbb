"""The look of the experiment workflow."""

import secrets
from datetime import datetime

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.documents import Document, to_document
from lambdaloop.services.evaluate_experiment import EvaluationPorts, evaluate_experiment

_NOTHING: Document = {"kind": "none"}


def handle(event: Document, app: App) -> Document:
    """{"at": when it was due, "execution"?} → verdict, reason, and the order that follows (kind `none` where none does)."""
    found = evaluate_experiment(
        app.definition,
        at=datetime.fromisoformat(event["at"]),
        owner=event.get("execution") or f"by hand {secrets.token_hex(8)}",
        ports=EvaluationPorts(
            releases=app.registry,
            experiments=app.registry,
            archive=app.archive,
            datasets=app.datasets,
            failures=app.served,
            leases=app.registry,
            metrics=app.experiment_metrics,
            notices=app.notices,
            clock=app.clock,
        ),
    )
    if found is None:
        return {"verdict": None, "reason": "no experiment runs", "order": _NOTHING}
    return {
        "experiment": found.experiment.id,
        "verdict": found.look.verdict,
        "reason": found.look.reason,
        "units": {name: figures.units for name, figures in found.look.figures.items()},
        "left": found.left,
        "order": _NOTHING if found.order is None else to_document(found.order),
    }


handler = lambda_entrypoint(handle)
