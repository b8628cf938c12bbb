"""Takes all traffic back from a release that failed and records that: used by a rollback and after a dead workflow."""

from lambdaloop.domain.errors import RoutingChangedError
from lambdaloop.domain.release import OPEN_STATUSES, Release
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
    """All requests to the Lambda version that served before, whatever the weights are; then the record.

    Reads no artifact and no metric: a rollback must work while everything else is broken. A release that has ended is
    returned as it is, its traffic untouched, since it may belong to another release by now. Traffic that is all at
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
    if release.status not in OPEN_STATUSES:
        return release
    if routing.candidate is not None or routing.stable not in (
        release.previous_lambda_version,
        bootstrap_version,
    ):
        traffic.route(routing, stable=release.previous_lambda_version)
    return releases.roll_back_release(release, outcome=outcome, at=clock.now())
