"""Ends the workflow of a release that passed its last step: from here on its version is the champion, or keeps its share."""

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
    """The release, live or with the share that it was opened for, and its lease given back; closing it again changes nothing.

    Raises RoutingChangedError unless it has the traffic that it shall have, ReleaseStateError unless its last judgement completed it,
    AliasMovedError when the champion changed meanwhile.
    """
    release = releases.release(model, number)
    if release.status in OPEN_STATUSES:
        hold_release(model, number, execution=execution, releases=releases, leases=leases, at=clock.now())
        _check_complete(release)
        _check_traffic(release, traffic)
    closed = _closed(release, releases, clock)
    leases.free(model=model, name=LEASE, owner=execution)
    return closed


def _closed(release: Release, releases: ReleaseLog, clock: Clock) -> Release:
    if release.share is not None:
        return releases.share_release(release, at=clock.now())
    outcome = f"all traffic after {len(release.judgements)} judgements"
    return releases.close_release(release, outcome=outcome, at=clock.now())


def _check_complete(release: Release) -> None:
    last = release.judgements[-1].verdict if release.judgements else "missing"
    if last != "complete":
        raise ReleaseStateError(
            f"release {release.number} of {release.model!r} cannot close: its last judgement is {last}, wanted complete"
        )


def _check_traffic(release: Release, traffic: Traffic) -> None:
    routing = traffic.routing()
    found = (routing.stable, routing.candidate, routing.weight)
    wanted: tuple[str | None, str | None, float] = (release.lambda_version, None, 0.0)
    words = f"all traffic at {release.lambda_version}"
    if release.share is not None:
        wanted = (release.previous_lambda_version, release.lambda_version, release.share.percent / 100)
        words = f"{wanted[2]:.0%} of the traffic at {wanted[1]} and the rest at {wanted[0]}"
    if found != wanted:
        raise RoutingChangedError(
            f"the live alias is at Lambda version {found[0]} with candidate {found[1]} ({found[2]:.0%}), wanted {words} "
            f"(release {release.number} of {release.model!r}): somebody changed it by hand"
        )
