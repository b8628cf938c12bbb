"""Takes all traffic back from a release that failed and records that: used by a rollback and after a dead workflow."""

from lambdaloop.domain.errors import RoutingChangedError
from lambdaloop.domain.release import OPEN_STATUSES, Release
from lambdaloop.domain.returning import was_live
from lambdaloop.domain.traffic import Routing
from lambdaloop.ports import Clock, ReleaseLog, Traffic

_TRIES = 5


def return_traffic(
    release: Release,
    *,
    outcome: str,
    bootstrap_version: str | None = None,
    releases: ReleaseLog,
    traffic: Traffic,
    clock: Clock,
) -> Release:
    """All requests of the release to the Lambda version that served before, whatever the weights are; then the record.

    Reads no artifact and no metric: a rollback must work while everything else is broken. Traffic that the release has no
    part in is left alone: somebody went back by hand, and whoever that was chose where it goes. So is that of a release that
    has ended, but for one that was ended by hand and gave itself traffic in the very same moment. Traffic that is all at
    `bootstrap_version` stays there: it goes to a new function, in which the release's numbers mean other versions or none.
    """
    for _ in range(_TRIES - 1):
        try:
            return _returned(release, outcome, bootstrap_version, releases, traffic, clock)
        except RoutingChangedError:
            continue  # decided on old weights: read them again
    return _returned(release, outcome, bootstrap_version, releases, traffic, clock)


def _returned(
    release: Release,
    outcome: str,
    bootstrap_version: str | None,
    releases: ReleaseLog,
    traffic: Traffic,
    clock: Clock,
) -> Release:
    # The order matters. Whoever takes over after a dead workflow first marks its release as rolled back and only then
    # moves traffic; so with weights read before an open status was, the change below can overwrite nobody else's.
    routing = traffic.routing()
    release = releases.release(release.model, release.number)
    own = release.lambda_version
    has_traffic = own is not None and own in (routing.stable, routing.candidate)
    all_at_bootstrap = (routing.stable, routing.candidate) == (bootstrap_version, None)
    if release.status not in OPEN_STATUSES:
        if has_traffic and release.status == "rolled_back" and not was_live(release):
            traffic.route(routing, stable=_without(release, routing))
        return release
    if has_traffic and not all_at_bootstrap:
        traffic.route(routing, stable=release.previous_lambda_version)
    return releases.roll_back_release(release, outcome=outcome, at=clock.now())


def _without(release: Release, routing: Routing) -> str:
    """Where its share goes that it took after its end: to the one that it shares the traffic with."""
    return release.previous_lambda_version if routing.stable == release.lambda_version else routing.stable
