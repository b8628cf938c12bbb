"""Where people say yes or no to a release: signed requests of the command line, and the link of a notification.

Whoever signs is known, since API Gateway verified the signature. Whoever has the link is not. Opening the link decides
nothing: mail scanners open links, too; only the form behind it does.
"""

import json
from collections.abc import Callable
from dataclasses import replace

from functions.decide_approval.pages import message_page, question_page
from functions.decide_approval.request import (
    Asked,
    Link,
    RequestInvalidError,
    caller_of,
    read_document,
    read_form,
    read_query,
)
from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.approval import ReleaseApproval, answer, check_link
from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import (
    ApprovalExpiredError,
    BackendUnavailableError,
    ConflictError,
    LambdaloopError,
    LinkInvalidError,
    NotFoundError,
    SelfApprovalError,
)
from lambdaloop.domain.person import BY_LINK
from lambdaloop.services.decide_approval import decide_approval

_STATUS: dict[type[Exception], int] = {
    RequestInvalidError: 400,
    LinkInvalidError: 403,
    SelfApprovalError: 403,
    NotFoundError: 404,
    ApprovalExpiredError: 410,
    ConflictError: 409,
    BackendUnavailableError: 503,
}
"""The first one that fits; anything else is a bug, which Lambda reports and API Gateway answers with 500."""


def handle(event: Document, app: App) -> Document:
    """API Gateway's event (payload format 2.0) → its response, JSON for signed requests, pages for the link."""
    method = event["requestContext"]["http"]["method"]
    if event["rawPath"] == f"/approvals/{app.definition.name}":
        return _answered(lambda: _signed(event, app), _json_problem)
    if method == "POST":
        return _answered(lambda: _by_form(event, app), _page_problem)
    return _answered(lambda: _by_link(event, app), _page_problem)


def _signed(event: Document, app: App) -> Document:
    caller = caller_of(event)
    if caller is None:
        raise SelfApprovalError("nobody signed this request: use `lambdaloop releases approve` or `reject`")
    approval = _decide(read_document(event), caller, app)
    return _json(200, {"release": approval.release, "status": approval.status, "by": approval.decided_by})


def _by_link(event: Document, app: App) -> Document:
    link = read_query(event)
    return question_page(_linked(link, app), expires=link.expires, key=link.key, stage=app.settings.at_stage)


def _by_form(event: Document, app: App) -> Document:
    link, asked = read_form(event)
    _linked(link, app)
    source = event["requestContext"]["http"]["sourceIp"]
    approval = _decide(replace(asked, reason=f"{asked.reason} (from {source})".lstrip()), BY_LINK, app)
    return message_page(
        200, "Thank you", f"Release {approval.release} of {approval.model}: {answer(approval)}."
    )


def _linked(link: Link, app: App) -> ReleaseApproval:
    approval = app.registry.approval(app.definition.name, link.release)
    return check_link(approval, secret=link.key, expires=link.expires)


def _decide(asked: Asked, by: str, app: App) -> ReleaseApproval:
    return decide_approval(
        model=app.definition.name,
        number=asked.release,
        decision=asked.decision,
        by=by,
        reason=asked.reason,
        releases=app.registry,
        approvals=app.registry,
        workflows=app.workflows,
        clock=app.clock,
    )


def _answered(decide: Callable[[], Document], problem: Callable[[int, Exception], Document]) -> Document:
    try:
        return decide()
    except (LambdaloopError, RequestInvalidError) as error:
        status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), None)
        if status is None:
            raise
        return problem(status, error)


def _json_problem(status: int, error: Exception) -> Document:
    return _json(status, {"error": str(error), "type": type(error).__name__})


def _page_problem(status: int, error: Exception) -> Document:
    return message_page(status, "That did not work", str(error))


def _json(status: int, body: Document) -> Document:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }


handler = lambda_entrypoint(handle)
