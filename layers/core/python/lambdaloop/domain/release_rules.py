"""The rules of a release's life: its steps, its lease, and what its traffic must look like in between."""

from datetime import timedelta

from lambdaloop.domain.definition import Release as ReleaseRules
from lambdaloop.domain.errors import ReleaseStateError, RoutingChangedError
from lambdaloop.domain.release import OPEN_STATUSES, Release
from lambdaloop.domain.traffic import Routing

LEASE = "release"
"""Name of the lease that keeps the releases of one model apart."""

_LONGEST_STEP = timedelta(minutes=15)
"""A Lambda function's longest run; retries of a step fit in as well, since each one prolongs the lease."""


def steps_of(release: Release) -> tuple[int, ...]:
    """Percent of the traffic per step; a first release has nothing to share the traffic with."""
    return (100,) if release.first else release.rules.steps


def lease_seconds(rules: ReleaseRules) -> int:
    """How long a step holds the lease: through the bake that follows it and the step after that."""
    return rules.bake_seconds + int(_LONGEST_STEP.total_seconds())


def check_open(release: Release) -> None:
    """ReleaseStateError when the release has ended."""
    if release.status not in OPEN_STATUSES:
        raise ReleaseStateError(
            f"release {release.number} of model {release.model!r} has ended as {release.status}: "
            "start a new release of the version"
        )


def check_routing(routing: Routing, *, model: str, stable: str, candidate: str | None) -> None:
    """RoutingChangedError when the live alias sends requests to a version other than these two."""
    strangers = {routing.stable, routing.candidate} - {stable, candidate, None}
    if strangers:
        raise RoutingChangedError(
            f"the live alias of {model!r} sends requests to Lambda version {', '.join(sorted(map(str, strangers)))}, but the "
            f"registry knows only {stable}{f' and {candidate}' if candidate else ''}: somebody changed it by hand; "
            f"point it at {stable} alone and start the release again"
        )
