"""Ends a release that passed its last step: from here on its version is the champion."""

from lambdaloop.domain.errors import ReleaseStateError, RoutingChangedError
from lambdaloop.domain.release import OPEN_STATUSES, Release
from lambdaloop.domain.release_rules import LEASE
from lambdaloop.ports import Clock, Leases, ReleaseLog, Traffic
from lambdaloop.services.hold_release import hold_release


def close_release(
    *,
    model: str,
    number: int,
    execution: str,
    releases: ReleaseLog,
    leases: Leases,
    traffic: Traffic,
    clock: Clock,
) -> Release:
    """The live release, with its lease given back; closing it again changes nothing.

    Raises RoutingChangedError unless all traffic is on it, ReleaseStateError unless its last judgement completed it,
    AliasMovedError when the champion changed meanwhile.
    """
    release = releases.release(model, number)
    if release.status in OPEN_STATUSES:
        hold_release(model, number, execution=execution, releases=releases, leases=leases, at=clock.now())
        _check_complete(release)
        _check_all_traffic(release, traffic)
    outcome = f"all traffic after {len(release.judgements)} judgements"
    closed = releases.close_release(release, outcome=outcome, at=clock.now())
    leases.free(model=model, name=LEASE, owner=execution)
    return closed


def _check_complete(release: Release) -> None:
    last = release.judgements[-1].verdict if release.judgements else "missing"
    if last != "complete":
        raise ReleaseStateError(
            f"release {release.number} of {release.model!r} cannot close: its last judgement is {last}, wanted complete"
        )


def _check_all_traffic(release: Release, traffic: Traffic) -> None:
    routing = traffic.routing()
    if routing.candidate is not None or routing.stable != release.lambda_version:
        raise RoutingChangedError(
            f"the live alias is at Lambda version {routing.stable} with candidate {routing.candidate}, wanted all traffic at "
            f"{release.lambda_version} (release {release.number} of {release.model!r}): somebody changed it by hand"
        )
