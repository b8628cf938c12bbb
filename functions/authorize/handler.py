"""Asked by API Gateway about every request to a model that API keys open, before the request goes on.

An authorizer can only let in or refuse with 403, so a client that asked too often is let in with a note, and the inference
function answers 429: docs/decisions/0018.
"""

from datetime import UTC, datetime

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.documents import Document

_REFUSED: Document = {"isAuthorized": False}


def handle(event: Document, app: App) -> Document:
    """API Gateway's question (payload format 2.0) → its simple answer, with the context that later steps are told."""
    now = datetime.fromtimestamp(event["requestContext"]["timeEpoch"] / 1000, UTC)
    admission = app.doorkeeper.admit(event["identitySource"][0], now=now)
    if admission is None:
        return _REFUSED
    context: Document = {"client": admission.client, "key": admission.key}
    if admission.retry_after is not None:
        context["retryAfter"] = admission.retry_after
    return {"isAuthorized": True, "context": context}


handler = lambda_entrypoint(handle)
