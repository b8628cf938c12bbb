"""Every step of a release proves first that the release is still its workflow's own."""

from datetime import datetime

from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.errors import LeaseHeldError, ReleaseInProgressError
from lambdaloop.domain.release_rules import LEASE, lease_seconds
from lambdaloop.ports import Leases


def hold_release(definition: ModelDefinition, *, execution: str, leases: Leases, at: datetime) -> None:
    """Take or prolong the lease that keeps the releases of one model apart; ReleaseInProgressError when it is taken.

    It lasts through the bake that may follow. A workflow that comes back after that finds another one here.
    """
    try:
        leases.acquire(
            model=definition.name,
            name=LEASE,
            owner=execution,
            at=at,
            seconds=lease_seconds(definition.release),
        )
    except LeaseHeldError as error:
        raise ReleaseInProgressError(f"another release of {definition.name!r} is running: {error}") from error
