"""Reads what people send: the signed request of the command line, or the link and the form of a notification."""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from lambdaloop.domain.approval import Decision
from lambdaloop.domain.documents import Document

LONGEST_REASON = 500
_LONGEST_BODY = 10_000
_DECISIONS: dict[str, Decision] = {"approve": "approved", "reject": "rejected"}


class RequestInvalidError(ValueError):
    """The request is not one of ours; the message may be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A decision that somebody wants to take."""

    release: int
    decision: Decision
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a link carries."""

    release: int
    expires: str
    key: str


def caller_of(event: Document) -> str | None:
    """The ARN of who signed the request, which API Gateway has verified; None for an unsigned one."""
    identity = event["requestContext"].get("authorizer", {}).get("iam", {})
    arn: str | None = identity.get("userArn")
    return arn


def read_document(event: Document) -> Asked:
    """{"release": 3, "decision": "approve" or "reject", "reason"?: text} in the body; RequestInvalidError."""
    try:
        document: Any = json.loads(_body(event))
    except ValueError as error:
        raise RequestInvalidError("the body must be a JSON object") from error
    if not isinstance(document, dict):
        raise RequestInvalidError("the body must be a JSON object")
    return _asked(document.get("release"), document.get("decision"), document.get("reason", ""))


def read_query(event: Document) -> Link:
    """The link that was opened; RequestInvalidError."""
    return _link(_fields(event.get("rawQueryString") or ""))


def read_form(event: Document) -> tuple[Link, Asked]:
    """The form that was sent; RequestInvalidError."""
    fields = _fields(_body(event))
    link = _link(fields)
    return link, _asked(link.release, fields.get("decision"), fields.get("reason", ""))


def _asked(release: object, decision: object, reason: object) -> Asked:
    if type(release) is not int or release < 1:
        raise RequestInvalidError("release must be the number of a release")
    if not isinstance(decision, str) or decision not in _DECISIONS:
        raise RequestInvalidError("decision must be approve or reject")
    if not isinstance(reason, str) or len(reason) > LONGEST_REASON:
        raise RequestInvalidError(f"reason must be text of at most {LONGEST_REASON} characters")
    return Asked(release=release, decision=_DECISIONS[decision], reason=" ".join(reason.split()))


def _link(fields: dict[str, str]) -> Link:
    release = fields.get("release", "")
    if not (release.isascii() and release.isdigit() and len(release) <= 8) or int(release) < 1:
        raise RequestInvalidError("this link is not complete: copy all of it")
    return Link(release=int(release), expires=fields.get("expires", ""), key=fields.get("key", ""))


def _fields(text: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(text, max_num_fields=20))
    except ValueError as error:
        raise RequestInvalidError("too many fields") from error


def _body(event: Document) -> str:
    body = event.get("body") or ""
    if len(body) > _LONGEST_BODY:
        raise RequestInvalidError("the body is too long")
    if not event.get("isBase64Encoded"):
        return str(body)
    try:
        return base64.b64decode(body, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise RequestInvalidError("the body is not text") from error
