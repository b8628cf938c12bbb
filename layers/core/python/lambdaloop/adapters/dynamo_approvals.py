"""Approvals of releases in the registry table, one item each; they have no TTL, since they tell who let a release through."""

from dataclasses import fields
from datetime import datetime
from typing import Any, Literal

from lambdaloop.adapters.dynamo_audit import event
from lambdaloop.adapters.dynamo_keys import ModelKeys
from lambdaloop.adapters.dynamo_table import OnTable
from lambdaloop.domain.approval import ReleaseApproval, asked_again, decided
from lambdaloop.domain.documents import Document, from_document, to_document
from lambdaloop.domain.errors import ApprovalNotFoundError


class DynamoApprovals(OnTable):
    """The port ApprovalLog. IAM: dynamodb:GetItem; ask_approval PutItem and UpdateItem, decide_approval the same."""

    def ask_approval(self, asked: ReleaseApproval, *, at: datetime) -> ReleaseApproval:
        """Record the question; asked before and not answered, it keeps its terms and gets the newest token.

        ApprovalDecidedError when it was answered.
        """
        key = ModelKeys(asked.model).approval(asked.release)

        def change() -> ReleaseApproval:
            current = self.approval(asked.model, asked.release)
            if current is None:
                self._table.write(
                    self._table.create(key, to_document(asked)),
                    self._approval_event("approval_asked", asked, at),
                )
                return asked
            again = asked_again(current, asked)
            self._table.write(
                self._table.update(key, change=_changes(current, again), expect=_unchanged(current)),
                self._approval_event("approval_asked", again, at),
            )
            return again

        return self._table.swap(change)

    def decide_approval(
        self,
        model: str,
        release: int,
        status: Literal["approved", "rejected", "expired"],
        *,
        by: str,
        reason: str,
        at: datetime,
    ) -> ReleaseApproval:
        """Record the answer, once; the same person's same answer again is returned as it was recorded.

        ApprovalNotFoundError, ApprovalDecidedError, ApprovalExpiredError.
        """
        key = ModelKeys(model).approval(release)

        def change() -> ReleaseApproval:
            current = self.approval(model, release)
            if current is None:
                raise ApprovalNotFoundError(
                    f"nobody was asked to approve release {release} of {model!r}: see `lambdaloop releases list {model}`"
                )
            after = decided(current, status, by=by, reason=reason, at=at)
            if after != current:
                self._table.write(
                    self._table.update(key, change=_changes(current, after), expect=_unchanged(current)),
                    self._approval_event(f"release_{status}", after, at, actor=by, detail={"reason": reason}),
                )
            return after

        return self._table.swap(change)

    def approval(self, model: str, release: int) -> ReleaseApproval | None:
        """Of one release, if it was asked for."""
        item = self._table.get(ModelKeys(model).approval(release))
        return None if item is None else from_document(ReleaseApproval, item)

    def _approval_event(
        self,
        kind: str,
        approval: ReleaseApproval,
        at: datetime,
        *,
        actor: str | None = None,
        detail: Document | None = None,
    ) -> dict[str, Any]:
        return event(
            self._table,
            kind,
            model=approval.model,
            at=at,
            actor=actor or approval.requested_by,
            detail={
                "release": approval.release,
                "expires_at": approval.expires_at.isoformat(),
                **(detail or {}),
            },
        )


def _changes(before: ReleaseApproval, after: ReleaseApproval) -> Document:
    old, new = to_document(before), to_document(after)
    return {
        field.name: new[field.name] for field in fields(after) if new.get(field.name) != old.get(field.name)
    }


def _unchanged(approval: ReleaseApproval) -> Document:
    """A decision wakes the task whose token it read, so it must not miss a newer one."""
    return {"status": approval.status, "token": approval.token}
