"""Last step of a release that failed."""

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.caught_error import describe
from lambdaloop.domain.documents import Document
from lambdaloop.services.roll_back_release import roll_back_release


def handle(event: Document, app: App) -> Document:
    """{"execution": name, "error", "judgement", "approval" or "shadow": why} → how the release ended (null when there never was one), and why."""
    outcome = _outcome(event)
    release = roll_back_release(
        model=app.definition.name,
        execution=event["execution"],
        outcome=outcome,
        releases=app.registry,
        leases=app.registry,
        traffic=app.traffic,
        clock=app.clock,
    )
    return {"status": release.status if release else None, "reason": outcome}


def _outcome(event: Document) -> str:
    """What came last: an error, the judgement of a step, the answer of people, or that of the shadow stage."""
    if "error" in event:
        caught = describe(event["error"])
        return f"{caught['error']}: {caught['message']}"
    last = next(event[stage] for stage in ("judgement", "approval", "shadow") if stage in event)
    return "; ".join(last["reasons"])


handler = lambda_entrypoint(handle)
