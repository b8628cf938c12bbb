"""A person's consent to a release: asked for once, given or refused once, and never given by silence.

The record in the registry is what counts. The task token only wakes the workflow, which then reads the record; so a
decision whose wake-up call was lost is not lost, and a wake-up call without a decision opens nothing.
"""

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from lambdaloop.domain.errors import (
    ApprovalDecidedError,
    ApprovalExpiredError,
    ApprovalMissingError,
    LinkInvalidError,
    SelfApprovalError,
)
from lambdaloop.domain.person import BY_LINK, person_of
from lambdaloop.domain.release import Release

Decision = Literal["approved", "rejected"]
ApprovalStatus = Literal["pending", "approved", "rejected", "expired"]

NOBODY = "nobody"
"""Who let an approval expire."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseApproval:
    """The registry's record of the question whether a release may take traffic, and of its answer."""

    schema: int = 1
    model: str
    release: int
    requested_by: str
    """Who asked for the release: somebody else has to approve it."""
    asked_at: datetime
    expires_at: datetime
    """Silence until then is a no."""
    status: ApprovalStatus = "pending"
    token: str
    """Of the workflow's task that waits now; never leaves the account."""
    links: tuple[str, ...] = ()
    """The seals of the links that were sent; the links themselves are in the notifications only."""
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None
    """In the words of whoever decided."""


def asked_again(current: ReleaseApproval, asked: ReleaseApproval) -> ReleaseApproval:
    """The record after its question was sent once more (a reminder, or a step that runs twice): first terms, newest token.

    ApprovalDecidedError when there is nothing left to ask.
    """
    if current.status != "pending":
        raise _already(current)
    return replace(current, token=asked.token, links=(*current.links, *asked.links))


def decided(
    approval: ReleaseApproval,
    status: Literal["approved", "rejected", "expired"],
    *,
    by: str,
    reason: str,
    at: datetime,
) -> ReleaseApproval:
    """The record after the decision; the same decision of the same person once more changes nothing.

    ApprovalDecidedError after another one, ApprovalExpiredError when it comes too late.
    """
    if approval.status != "pending":
        if (approval.status, approval.decided_by) == (status, by):
            return approval
        raise _already(approval)
    if status != "expired" and at >= approval.expires_at:
        raise ApprovalExpiredError(
            f"the approval of release {approval.release} of {approval.model!r} expired at "
            f"{approval.expires_at:%Y-%m-%d %H:%M} UTC: start a new release"
        )
    return replace(approval, status=status, decided_by=by, decided_at=at, reason=reason)


def check_approver(approval: ReleaseApproval, by: str) -> None:
    """SelfApprovalError unless somebody else than who asked for the release says yes.

    A link names nobody, so it approves only what no person asked for.
    """
    requester = person_of(approval.requested_by)
    if requester is None:
        return
    what = f"release {approval.release} of {approval.model!r}"
    if by == BY_LINK:
        raise SelfApprovalError(
            f"{approval.requested_by} asked for {what}, and a link cannot show that somebody else approves: "
            f"run `lambdaloop releases approve {approval.model} {approval.release}` under your own name"
        )
    if person_of(by) == requester:
        raise SelfApprovalError(f"{approval.requested_by} asked for {what}: somebody else has to approve it")


def link_seal(secret: str, approval: ReleaseApproval) -> str:
    """What the registry keeps of a link: enough to know it again, not enough to make one.

    The secret is 32 random bytes, made for one message; the seal binds it to the model, the release and the expiry.
    """
    text = f"{approval.model}\n{approval.release}\n{expiry(approval)}\n{secret}"
    return hashlib.sha256(text.encode()).hexdigest()


def expiry(approval: ReleaseApproval) -> int:
    """Seconds since the epoch, as a link says it."""
    return int(approval.expires_at.timestamp())


def check_link(approval: ReleaseApproval | None, *, secret: str, expires: str) -> ReleaseApproval:
    """The approval that the link is about; LinkInvalidError, which does not say what is wrong with a link.

    Whether it has expired is the approval's to say, once the link is known to be one of ours.
    """
    if approval is None:
        raise LinkInvalidError("this link is not valid")
    seal = link_seal(secret, approval)
    # All of them, each in constant time: how long it takes tells nothing.
    known = [hmac.compare_digest(seal, each) for each in approval.links]
    if not any(known) or expires != str(expiry(approval)):
        raise LinkInvalidError("this link is not valid")
    return approval


def check_consent(release: Release, approval: ReleaseApproval | None) -> None:
    """ApprovalMissingError unless the release needs no approval or has one."""
    if release.rules.approval is not None and (approval is None or approval.status != "approved"):
        raise ApprovalMissingError(
            f"release {release.number} of {release.model!r} needs an approval and has none "
            f"({approval.status if approval else 'nobody was asked'}): start a new release"
        )


def answer(approval: ReleaseApproval) -> str:
    """What came of it, in one sentence."""
    if approval.status == "pending":
        return "nobody decided"
    if approval.status == "expired":
        return f"nobody approved it until {approval.expires_at:%Y-%m-%d %H:%M} UTC"
    said = f": {approval.reason}" if approval.reason else ""
    return f"{approval.status} by {approval.decided_by}{said}"


def _already(approval: ReleaseApproval) -> ApprovalDecidedError:
    return ApprovalDecidedError(
        f"release {approval.release} of {approval.model!r} was decided on at "
        f"{approval.decided_at:%Y-%m-%d %H:%M} UTC: {answer(approval)}"
    )
