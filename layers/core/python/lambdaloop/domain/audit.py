"""Audit events: written in the same transaction as the change they tell of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One change, who made it and when."""

    schema: int = 1
    model: str
    at: datetime
    kind: str
    """run_started, run_finished, version_registered, release_opened, release_published, release_judged, alias_moved,
    release_closed, release_rolled_back, release_returned (live again, by hand), lambda_version_deleted,
    approval_asked, release_approved, release_rejected, release_expired, key_created, key_revoked."""
    actor: str
    detail: Mapping[str, Any]
