"""A decision of the governor: whether a model is trained again, and why or why not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from lambdaloop.domain.documents import Document

Cause = Literal["watch", "alarm", "data", "schedule", "person"]

CheckName = Literal[
    "triggers",
    "persistence",
    "new_data",
    "schedule",
    "single_flight",
    "release",
    "new_labels",
    "cooldown",
    "weekly_limit",
    "budget",
    "baseline",
]
_LIMITS = frozenset({"cooldown", "weekly_limit", "budget"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionCheck:
    """One question of the governor with the numbers that answered it."""

    name: CheckName
    passed: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Recorded before anything is started; asking again about the same event gives the same decision."""

    schema: int = 1
    id: str
    """Of the event that asked: the same for every delivery of it."""
    model: str
    at: datetime
    cause: Cause
    requested_by: str
    asked_at: datetime
    """When the event that asked happened."""
    retrain: bool
    reason: str
    """One sentence: "retrained because …" or "not retrained because …"."""
    checks: tuple[DecisionCheck, ...] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)
    """What was known: windows, labels, recent trainings."""
    run: str | None = None
    """The training's id, where one is started."""
    captured_until: datetime | None = None
    """The training takes what was captured up to here; later labels are new ones to the next."""
    quiet: bool = False
    """Nothing was wrong, and the watch asked only because it always does."""

    @property
    def failed(self) -> frozenset[CheckName]:
        """The checks that stood against it."""
        return frozenset(check.name for check in self.checks if not check.passed)

    @property
    def storm(self) -> bool:
        """Whether there is lasting trouble that training again has not ended, and the limits forbid to try once more."""
        if self.retrain or self.cause == "person" or self.failed & {"single_flight", "release"}:
            return False
        lasting = any(check.name == "persistence" and check.passed for check in self.checks)
        return lasting and bool(self.failed & _LIMITS)

    @property
    def training_input(self) -> Document:
        """What the training workflow is started with: the same however often it is started."""
        if self.run is None or self.captured_until is None:
            raise ValueError(f"decision {self.id!r} starts no training")
        return {
            "run": {
                "id": self.run,
                "model": self.model,
                "reason": self.reason,
                "requested_by": self.requested_by,
                "captured_until": self.captured_until.isoformat(),
            }
        }
