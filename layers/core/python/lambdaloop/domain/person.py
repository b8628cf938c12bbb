"""Who somebody is in the words of IAM, for the rule that nobody approves what they asked for themselves."""

import re

from lambdaloop.domain.retraining_request import GOVERNOR

BY_LINK = "approval link"
"""Who decided by the link of a notification: a link can be forwarded, so it names nobody."""

_AUTOMATIC = frozenset({GOVERNOR})
_MADE_UP_SESSION = re.compile(
    r"(botocore-session-|aws-sdk-|awscli-session|i-[0-9a-f]{8,}$)|\d+$", re.IGNORECASE
)
"""Session names that an SDK or a machine makes up: a new one each time, for whoever it is."""


def person_of(identity: str) -> str | None:
    """The name behind an ARN, or behind the plain name that somebody gave; None where no person asked.

    The name of a user or a session, whatever role it has assumed: two roles make no second person. Where the session's
    name is made up, nobody knows more than the role, and all who use it so count as one.

    >>> person_of("arn:aws:sts::123456789012:assumed-role/Admin/Alice@example.com")
    'alice@example.com'
    >>> person_of("arn:aws:sts::123456789012:assumed-role/Admin/botocore-session-1700000000")
    'role admin'
    """
    if identity in _AUTOMATIC:
        return None
    if not identity.startswith("arn:"):
        return identity.strip().casefold()
    kind, *path = identity.split(":", 5)[-1].split("/")
    name = path[-1] if path else kind
    if kind == "assumed-role" and len(path) >= 2 and _MADE_UP_SESSION.match(name):
        return f"role {path[-2]}".casefold()
    return name.casefold()
