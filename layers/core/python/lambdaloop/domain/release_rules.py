"""The rules of a release's life: its steps, its lease, and what its traffic must look like in between."""

import math
from dataclasses import replace
from datetime import timedelta

from lambdaloop.domain.errors import ReleaseStateError, RoutingChangedError
from lambdaloop.domain.experiment_pin import ArmPin
from lambdaloop.domain.release import OPEN_STATUSES, Release
from lambdaloop.domain.releasing_rules import ReleaseRules, ReleaseStep, Shadow
from lambdaloop.domain.traffic import Routing

LEASE = "release"
"""Name of the lease that keeps the releases of one model apart."""

_LONGEST_STEP = timedelta(minutes=15)
"""A Lambda function's longest run; retries of a step fit in as well, since each one prolongs the lease."""

_SLICE_SECONDS = 900
_MOST_SLICES = 24
"""Of the longest shadow stage, too: what each slice showed is kept in the release's record."""


def steps_of(release: Release) -> tuple[ReleaseStep, ...]:
    """The steps of its plan, up to its share where it has one.

    A first release has nothing to share the traffic with, and takes the last step alone.
    """
    plan = release.rules.plan
    if release.first:
        return plan[-1:]
    return plan if release.share is None else _up_to(release.share.percent, plan)


def _up_to(percent: int, plan: tuple[ReleaseStep, ...]) -> tuple[ReleaseStep, ...]:
    """The steps below that share, and it in place of the step that would reach it."""
    below = tuple(step for step in plan if step.percent < percent)
    return (*below, replace(plan[len(below)], percent=percent))


def new_arms(release: Release, previous: Release) -> tuple[ArmPin, ...]:
    """Its experiment's arms that the release before did not answer with; the control is the release's own version."""
    if release.experiment is None:
        return ()
    served = {previous.version}
    if previous.experiment is not None:
        served |= {arm.version for arm in previous.experiment.arms}
    return tuple(arm for arm in release.experiment.arms[1:] if arm.version not in served)


def slices_of(shadow: Shadow) -> int:
    """Into how many slices the stage is cut.

    >>> slices_of(Shadow(seconds=3600)), slices_of(Shadow(seconds=60)), slices_of(Shadow(seconds=14 * 86400))
    (4, 1, 24)
    """
    return min(_MOST_SLICES, math.ceil(shadow.seconds / _SLICE_SECONDS))


def slice_seconds(shadow: Shadow) -> int:
    """How long a slice is.

    >>> slice_seconds(Shadow(seconds=3600))
    900
    """
    return math.ceil(shadow.seconds / slices_of(shadow))


def longest_release(rules: ReleaseRules) -> timedelta:
    """Every step and the shadow stage held as often as they may be, the longest silence, and an hour for the work around it."""
    baking = sum((step.bake_seconds or 0) * (rules.max_holds + 1) for step in rules.plan)
    if rules.shadow is not None:
        baking += slice_seconds(rules.shadow) * (slices_of(rules.shadow) + rules.max_holds)
    silence = rules.approval.expires_hours if rules.approval else 0
    return timedelta(seconds=baking, hours=1 + silence)


def lease_seconds(rules: ReleaseRules) -> int:
    """How long a step holds the lease: through the bake or slice that follows it and the step after that."""
    longest = max(step.bake_seconds or 0 for step in rules.plan)
    if rules.shadow is not None:
        longest = max(longest, slice_seconds(rules.shadow))
    return longest + int(_LONGEST_STEP.total_seconds())


def waiting_seconds(rules: ReleaseRules) -> int:
    """How long the question for an approval holds the lease: through the longest silence and the step after it."""
    silence = timedelta(hours=rules.approval.expires_hours if rules.approval else 0)
    return int((silence + _LONGEST_STEP).total_seconds())


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
            f"`lambdaloop rollback {model}` brings both together, then start the release again"
        )
