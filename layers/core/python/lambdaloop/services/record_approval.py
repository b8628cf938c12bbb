"""Reads what came of the question for an approval: the registry's record decides, whatever woke the workflow."""

from dataclasses import dataclass

from lambdaloop.domain.approval import NOBODY, ReleaseApproval, answer
from lambdaloop.domain.errors import ApprovalNotFoundError
from lambdaloop.domain.release_rules import check_open
from lambdaloop.ports import ApprovalLog, Clock, Leases, ReleaseLog
from lambdaloop.services.hold_release import hold_release


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalOutcome:
    """What the workflow branches on."""

    approved: bool
    reasons: tuple[str, ...]


def record_approval(
    *,
    model: str,
    number: int,
    execution: str,
    releases: ReleaseLog,
    approvals: ApprovalLog,
    leases: Leases,
    clock: Clock,
) -> ApprovalOutcome:
    """The decision on record; where there is none the approval expires here and now, for silence is a no.

    ReleaseStateError when the release has ended.
    """
    hold_release(model, number, execution=execution, releases=releases, leases=leases, at=clock.now())
    check_open(releases.release(model, number))
    approval = approvals.approval(model, number)
    if approval is None:
        raise ApprovalNotFoundError(f"nobody was asked to approve release {number} of {model!r}")
    if approval.status == "pending":
        approval = _expired(approval, approvals=approvals, clock=clock)
    return ApprovalOutcome(approved=approval.status == "approved", reasons=(answer(approval),))


def _expired(approval: ReleaseApproval, *, approvals: ApprovalLog, clock: Clock) -> ReleaseApproval:
    return approvals.decide_approval(
        approval.model,
        approval.release,
        "expired",
        by=NOBODY,
        reason="nobody decided",
        at=clock.now(),
    )
