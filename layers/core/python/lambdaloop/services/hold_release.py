"""Every step of a release proves first that the release is still its workflow's own."""

from collections.abc import Callable
from datetime import datetime

from lambdaloop.domain.errors import LeaseHeldError, ReleaseInProgressError
from lambdaloop.domain.release_rules import LEASE, lease_seconds
from lambdaloop.domain.releasing_rules import ReleaseRules
from lambdaloop.ports import Leases, ReleaseLog


def hold_release(
    model: str,
    number: int,
    *,
    execution: str,
    releases: ReleaseLog,
    leases: Leases,
    at: datetime,
    seconds: Callable[[ReleaseRules], int] = lease_seconds,
) -> None:
    """Prolong the lease of a release by its own rules; ReleaseInProgressError when another workflow has taken it.

    It lasts through what may follow, a bake unless `seconds` says otherwise. A workflow that comes back after that finds another one here. Whoever
    needs the release reads it after this: what was read before may have been another workflow's to change.
    """
    rules = releases.release(model, number).rules
    take_lease(model, rules, execution=execution, leases=leases, at=at, seconds=seconds)


def take_lease(
    model: str,
    rules: ReleaseRules,
    *,
    execution: str,
    leases: Leases,
    at: datetime,
    seconds: Callable[[ReleaseRules], int] = lease_seconds,
) -> None:
    """Take or prolong the lease that keeps the releases of one model apart; ReleaseInProgressError when it is taken."""
    try:
        leases.acquire(model=model, name=LEASE, owner=execution, at=at, seconds=seconds(rules))
    except LeaseHeldError as error:
        raise ReleaseInProgressError(f"another release of {model!r} is running: {error}") from error
