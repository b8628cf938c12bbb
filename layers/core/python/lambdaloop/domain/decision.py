"""A decision of the governor: whether a model is trained again, and why or why not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Cause = Literal["watch", "alarm", "data", "schedule", "person"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionCheck:
    """One question of the governor with the numbers that answered it."""

    name: str
    """single_flight, persistence, new_labels, cooldown, weekly_limit, budget, baseline …"""
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
    retrain: bool
    reason: str
    """One sentence: "retrained because …" or "not retrained because …"."""
    checks: tuple[DecisionCheck, ...] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)
    """What was known: windows, labels, recent trainings."""
    run: str | None = None
    """The training's id, where one was started."""
