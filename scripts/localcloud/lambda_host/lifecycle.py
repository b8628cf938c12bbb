"""States and revisions of a function, as AWS changes them.

    create   Pending ── Active          revision changes twice: when created, when active
    update   InProgress ── Successful   the same, when updated, when successful
    publish  Pending ── Active          the version keeps one revision; $LATEST gets a new one

Code that keeps the revision from an update's answer and publishes with it later fails in AWS, so it must here.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from scripts.localcloud.lambda_host.errors import PreconditionFailedError, ResourceConflictError

Phase = Literal["creating", "updating"]


@dataclass
class Lifecycle:
    """One function's or version's; `now` tells virtual seconds."""

    now: Callable[[], float]
    phase: Phase
    settled_at: float
    _revision: str
    _settled_revision: str

    @classmethod
    def created(cls, now: Callable[[], float], seconds: float) -> "Lifecycle":
        """Of a new function that becomes active in `seconds`."""
        return cls(now, "creating", now() + seconds, _new(), _new())

    @classmethod
    def published(cls, now: Callable[[], float], seconds: float) -> "Lifecycle":
        """Of a new version that becomes active in `seconds`."""
        revision = _new()
        return cls(now, "creating", now() + seconds, revision, revision)

    @property
    def settled(self) -> bool:
        """Whether no change is under way."""
        return self.now() >= self.settled_at

    @property
    def state(self) -> str:
        """Pending or Active."""
        return "Pending" if self.phase == "creating" and not self.settled else "Active"

    @property
    def last_update_status(self) -> str:
        """InProgress or Successful."""
        return "InProgress" if self.phase == "updating" and not self.settled else "Successful"

    @property
    def revision(self) -> str:
        """The RevisionId right now."""
        return self._settled_revision if self.settled else self._revision

    def update(self, seconds: float) -> None:
        """A change of code or configuration that takes `seconds`."""
        self.phase = "updating"
        self.settled_at = self.now() + seconds
        self.touch()

    def touch(self) -> None:
        """A change that takes no time: a published version, a permission."""
        self._revision, self._settled_revision = _new(), _new()

    def check_revision(self, expected: str | None) -> None:
        """Raises PreconditionFailedError when the caller expects another revision."""
        if expected and expected != self.revision:
            raise PreconditionFailedError

    def check_settled(self, arn: str) -> None:
        """Raises ResourceConflictError while a change is under way."""
        if self.settled:
            return
        self.check_active()
        raise ResourceConflictError(
            f"The operation cannot be performed at this time. An update is in progress for resource: {arn}"
        )

    def check_active(self) -> None:
        """Raises ResourceConflictError while the function is being created."""
        if self.state != "Active":
            raise ResourceConflictError(
                "The operation cannot be performed at this time. "
                f"The function is currently in the following state: {self.state}"
            )


def _new() -> str:
    return str(uuid.uuid4())
