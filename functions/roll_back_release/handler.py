"""Last step of a release that failed."""

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.caught_error import describe
from lambdaloop.domain.documents import Document
from lambdaloop.services.roll_back_release import roll_back_release


def handle(event: Document, app: App) -> Document:
    """{"execution": name, "error" or "judgement": why} → how the release ended; null when there never was one."""
    release = roll_back_release(
        model=app.definition.name,
        execution=event["execution"],
        outcome=_outcome(event),
        releases=app.registry,
        leases=app.registry,
        traffic=app.traffic,
        clock=app.clock,
    )
    return {"status": release.status if release else None}


def _outcome(event: Document) -> str:
    """An error comes after the last judgement, so it is the reason where there is one."""
    if "error" in event:
        caught = describe(event["error"])
        return f"{caught['error']}: {caught['message']}"
    return "; ".join(event["judgement"]["reasons"])


handler = lambda_entrypoint(handle)
