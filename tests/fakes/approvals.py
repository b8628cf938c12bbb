"""Approvals in memory: the part of the registry in memory that is about them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from threading import RLock
from typing import Any, Literal

from lambdaloop.domain.approval import ReleaseApproval, asked_again, decided
from lambdaloop.domain.errors import ApprovalNotFoundError


class InMemoryApprovals(ABC):
    """The port ApprovalLog, on the lock and the audit trail of the registry that it is part of."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._approvals: dict[tuple[str, int], ReleaseApproval] = {}

    def ask_approval(self, asked: ReleaseApproval, *, at: datetime) -> ReleaseApproval:
        with self._lock:
            current = self.approval(asked.model, asked.release)
            approval = asked if current is None else asked_again(current, asked)
            self._approvals[asked.model, asked.release] = approval
            self._tell("approval_asked", asked.model, at, asked.requested_by, {"release": asked.release})
            return approval

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
        with self._lock:
            current = self.approval(model, release)
            if current is None:
                raise ApprovalNotFoundError(f"nobody was asked about release {release}")
            after = decided(current, status, by=by, reason=reason, at=at)
            if after != current:
                self._approvals[model, release] = after
                self._tell(f"release_{status}", model, at, by, {"release": release, "reason": reason})
            return after

    def approval(self, model: str, release: int) -> ReleaseApproval | None:
        return self._approvals.get((model, release))

    @abstractmethod
    def _tell(self, kind: str, model: str, at: datetime, actor: str, detail: Mapping[str, Any]) -> None: ...
