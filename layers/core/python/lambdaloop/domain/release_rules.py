"""The rules of a release's life: its steps, its lease, and what its traffic must look like in between."""

from datetime import timedelta

from lambdaloop.domain.errors import ReleaseStateError, RoutingChangedError
from lambdaloop.domain.release import OPEN_STATUSES, Release
from lambdaloop.domain.releasing_rules import ReleaseRules, ReleaseStep
from lambdaloop.domain.traffic import Routing

LEASE = "release"
"""Name of the lease that keeps the releases of one model apart."""

_LONGEST_STEP = timedelta(minutes=15)
"""A Lambda function's longest run; retries of a step fit in as well, since each one prolongs the lease."""


def steps_of(release: Release) -> tuple[ReleaseStep, ...]:
    """The steps of its plan; a first release has nothing to share the traffic with, and takes the last one alone."""
    plan = release.rules.plan
    return plan[-1:] if release.first else plan


def longest_release(rules: ReleaseRules) -> timedelta:
    """Every step held as often as it may be, and an hour for the work around it."""
    baking = sum((step.bake_seconds or 0) * (rules.max_holds + 1) for step in rules.plan)
    return timedelta(seconds=baking, hours=1)


def lease_seconds(rules: ReleaseRules) -> int:
    """How long a step holds the lease: through the bake that follows it and the step after that."""
    return max(step.bake_seconds or 0 for step in rules.plan) + int(_LONGEST_STEP.total_seconds())


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
