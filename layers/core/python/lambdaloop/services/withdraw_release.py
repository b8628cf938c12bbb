"""Takes its share of the traffic from a release that has one beside the live release, and records that."""

from lambdaloop.domain.errors import RoutingChangedError
from lambdaloop.domain.release import Release
from lambdaloop.ports import Clock, ReleaseLog, Traffic

_TRIES = 5


def withdraw_release(
    release: Release, *, outcome: str, by: str, releases: ReleaseLog, traffic: Traffic, clock: Clock
) -> Release:
    """All requests to the live release; then the record. One that has no share any more is left alone.

    RoutingChangedError when somebody keeps moving traffic.
    """
    for _ in range(_TRIES - 1):
        try:
            return _withdrawn(release, outcome, by, releases, traffic, clock)
        except RoutingChangedError:
            continue  # decided on old weights: read them again
    return _withdrawn(release, outcome, by, releases, traffic, clock)


def _withdrawn(
    release: Release, outcome: str, by: str, releases: ReleaseLog, traffic: Traffic, clock: Clock
) -> Release:
    # Weights are read before the status: whoever ends it meanwhile moves traffic first, and the change below is refused.
    routing = traffic.routing()
    release = releases.release(release.model, release.number)
    if release.status != "sharing":
        return release
    if routing.candidate is not None and routing.candidate == release.lambda_version:
        traffic.route(routing, stable=routing.stable)
    return releases.withdraw_release(release, outcome=outcome, by=by, at=clock.now())
