"""One execution of the training workflow."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

RunStatus = Literal["running", "registered", "rejected", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What was asked for and how it ended; `id` is the name of the workflow execution."""

    schema: int = 1
    id: str
    model: str
    status: RunStatus = "running"
    reason: str
    """Why the run was started, in words."""
    requested_by: str
    started_at: datetime
    captured_until: datetime | None = None
    """Rows that were captured and labelled up to here were trained on; None for none of them."""
    captured: str | None = None
    """How many captured rows were at hand, or why none were used; None for a run that was not asked to use any."""
    finished_at: datetime | None = None
    version: int | None = None
    """The version that the run registered."""
    outcome: Mapping[str, Any] = field(default_factory=dict)
    """For a rejected or failed run: what was checked and found, or the error."""
