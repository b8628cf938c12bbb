"""The words and the wire format in which each AWS protocol says no."""

import json
from xml.sax.saxutils import escape

from werkzeug.wrappers import Response

from scripts.localcloud.iam.policy import Access, Decision
from scripts.localcloud.iam.principals import Principal

_JSON = "application/x-amz-json-1.1"


def sentence(principal: Principal, access: Access, decision: Decision) -> str:
    """AWS's own sentence for a denied access."""
    why = (
        "with an explicit deny in an identity-based policy"
        if decision.explicit_deny
        else f"because no identity-based policy allows the {access.action} action"
    )
    return f"User: {principal.arn} is not authorized to perform: {access.action} on resource: {access.resource} {why}"


def answer(*, service: str, protocol: str, code: str, message: str) -> Response:
    """A refusal as `service` would write it; `code` is the name in JSON protocols, e.g. AccessDeniedException."""
    in_xml = "AuthorizationError" if service == "sns" else code.removesuffix("Exception")
    if service == "s3":
        status, kind = 403, "application/xml"
        body = f"<Error><Code>{in_xml}</Code><Message>{escape(message)}</Message></Error>"
    elif protocol == "query":
        status, kind = 403, "text/xml"
        error = f"<Type>Sender</Type><Code>{in_xml}</Code><Message>{escape(message)}</Message>"
        body = f"<ErrorResponse><Error>{error}</Error></ErrorResponse>"
    else:
        status, kind = (403, "application/json") if protocol == "rest-json" else (400, _JSON)
        body = json.dumps({"__type": code, "Message": message, "message": message})
    return Response(body, status, {"x-amzn-ErrorType": code}, content_type=kind)
