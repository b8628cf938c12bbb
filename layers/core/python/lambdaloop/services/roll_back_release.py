"""Ends a release that failed: all traffic back to where it was, whatever went wrong."""

from lambdaloop.domain.release import Release
from lambdaloop.domain.release_rules import LEASE
from lambdaloop.ports import Clock, Leases, ReleaseLog, Traffic
from lambdaloop.services.return_traffic import return_traffic


def roll_back_release(
    *,
    model: str,
    execution: str,
    outcome: str,
    releases: ReleaseLog,
    leases: Leases,
    traffic: Traffic,
    clock: Clock,
) -> Release | None:
    """The release as it ended, with its lease given back; None when the workflow failed before it had one.

    A release that went live before its workflow failed stays live.
    """
    release = releases.release_of(model, execution)
    if release is not None:
        release = return_traffic(release, outcome=outcome, releases=releases, traffic=traffic, clock=clock)
    leases.free(model=model, name=LEASE, owner=execution)
    return release
