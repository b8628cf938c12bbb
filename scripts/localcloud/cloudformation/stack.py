"""A stack as it stands: its resources, its outputs, and the history of what happened to it."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from scripts.localcloud.cloudformation.resource_type import Physical, Properties
from scripts.localcloud.cloudformation.template import Template


def now() -> datetime:
    """Real time, not the cloud's: the CDK command shows only events younger than its own start."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource that belongs to a stack, with the properties it was last given."""

    logical_id: str
    type: str
    properties: Properties
    physical: Physical
    references: frozenset[str] = frozenset()
    """Logical ids it needs: they are deleted after it."""
    deletion_policy: str = "Delete"
    update_replace_policy: str = "Delete"
    generation: int = 0
    status: str = "CREATE_COMPLETE"
    changed_at: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class Output:
    """One output of a stack, visible to other stacks if it is exported."""

    key: str
    value: str
    description: str = ""
    export: str | None = None


@dataclass(frozen=True, kw_only=True)
class StackEvent:
    """One line of a stack's history."""

    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str
    at: datetime
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(kw_only=True)
class Stack:
    """A stack; only the operation that runs on it changes it."""

    id: str
    name: str
    template: Template | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)
    """In the order of creation."""
    outputs: tuple[Output, ...] = ()
    imports: frozenset[str] = frozenset()
    """Names of other stacks' exports that this stack uses."""
    status: str = "REVIEW_IN_PROGRESS"
    reason: str = ""
    created_at: datetime = field(default_factory=now)
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    termination_protection: bool = False
    settings: dict[str, Any] = field(default_factory=dict)
    """What was asked for and only reported back: role, capabilities, notification topics."""
    events: list[StackEvent] = field(default_factory=list)

    @property
    def is_busy(self) -> bool:
        """Whether an operation runs on it."""
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"

    def move(self, status: str, reason: str = "") -> None:
        """Take a new status and write it into the history."""
        self.record(self.name, self.id, "AWS::CloudFormation::Stack", status, reason)
        self.status, self.reason = status, reason

    def record(self, logical_id: str, physical_id: str, kind: str, status: str, reason: str = "") -> None:
        """Write a line into the history."""
        # Never two in the same millisecond: the CDK command puts lines in order by their times, and has no finer ones.
        at = max([now()] + [event.at + timedelta(milliseconds=1) for event in self.events[-1:]])
        self.events.append(
            StackEvent(
                logical_id=logical_id, physical_id=physical_id, type=kind, status=status, reason=reason, at=at
            )
        )
