"""Fourth step of the release workflow, after each bake."""

from datetime import datetime

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.documents import Document, to_document
from lambdaloop.services.judge_release import judge_release
from lambdaloop.services.load_reference import References
from lambdaloop.services.observe_behaviour import BehaviourPorts


def handle(event: Document, app: App) -> Document:
    """{"execution": name, "opened": …, "shift": …, "judgement"?: the one before} → verdict, next step, reasons, holds."""
    decision = judge_release(
        model=app.definition.name,
        number=event["opened"]["number"],
        step=event["shift"]["step"],
        since=datetime.fromisoformat(event["shift"]["since"]),
        holds=event["judgement"]["holds"] if "judgement" in event else 0,
        execution=event["execution"],
        releases=app.registry,
        leases=app.registry,
        observer=app.observer,
        behaviour=BehaviourPorts(
            references=References(app.definition, versions=app.registry, artifacts=app.artifacts),
            archive=app.archive,
            traffic=app.traffic,
            clock=app.clock,
        ),
        clock=app.clock,
    )
    return to_document(decision)


handler = lambda_entrypoint(handle)
