"""Time, and the workflows that run in it."""

from datetime import datetime
from typing import Protocol

from lambdaloop.domain.documents import Document


class Clock(Protocol):
    """The time of day."""

    def now(self) -> datetime:
        """Aware, in UTC."""
        ...


class Workflows(Protocol):
    """Starts Step Functions executions."""

    def start(self, *, workflow: str, name: str, document: Document) -> str:
        """Start the state machine with that ARN under a deterministic name; returns the execution's ARN.

        An execution that already has the name is returned as it is: duplicates collapse.
        """
        ...

    def answer(self, token: str, document: Document) -> bool:
        """End the task that waits under this token; False when none does, or not any more."""
        ...
