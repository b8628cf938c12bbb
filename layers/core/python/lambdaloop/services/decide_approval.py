"""Takes a person's yes or no to a release: on record first, then the workflow that waits is woken."""

from lambdaloop.domain.approval import Decision, ReleaseApproval, check_approver
from lambdaloop.domain.errors import ApprovalNotFoundError
from lambdaloop.domain.release_rules import check_open
from lambdaloop.ports import ApprovalLog, Clock, ReleaseLog, Workflows


def decide_approval(
    *,
    model: str,
    number: int,
    decision: Decision,
    by: str,
    reason: str,
    releases: ReleaseLog,
    approvals: ApprovalLog,
    workflows: Workflows,
    clock: Clock,
) -> ReleaseApproval:
    """The decision as it is on record; deciding the same again only wakes the workflow again.

    Nobody may wait there any more: between the question and its reminder, or in a workflow that was stopped. A workflow that
    lives reads the record then. Raises SelfApprovalError, ApprovalDecidedError, ApprovalExpiredError, ReleaseStateError,
    ReleaseNotFoundError, ApprovalNotFoundError.
    """
    release = releases.release(model, number)
    approval = approvals.approval(model, number)
    if approval is None:
        raise ApprovalNotFoundError(
            f"nobody was asked to approve release {number} of {model!r}: it is {release.status}"
        )
    if approval.status == "pending":
        check_open(release)
    if decision == "approved":
        check_approver(approval, by)
    decided = approvals.decide_approval(model, number, decision, by=by, reason=reason, at=clock.now())
    workflows.answer(decided.token, {"decision": decided.status})
    return decided
