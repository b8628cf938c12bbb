"""Answers clients that asked too often: their key's authorizer, which cannot say 429, lets them in with a note."""

from starlette.responses import Response
from starlette.types import Scope

from functions.inference.refusals import error_response


def too_often(scope: Scope, request_id: str) -> Response | None:
    """The answer to a client above its rate, None for everybody else; only API Gateway can write the note."""
    context = scope.get("aws.event", {}).get("requestContext", {})
    noted = context.get("authorizer", {}).get("lambda") or {}
    if "retryAfter" not in noted:
        return None
    seconds = int(noted["retryAfter"])
    again = f"try again in {seconds} second{'' if seconds == 1 else 's'}"
    return error_response(
        request_id,
        429,
        f"client {noted['client']!r} asks more often than its key allows: {again}",
        headers={"retry-after": str(seconds)},
    )
