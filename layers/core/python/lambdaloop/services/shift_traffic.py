"""Gives the new Lambda version its share of the traffic for one step."""

from dataclasses import dataclass
from datetime import datetime

from lambdaloop.domain.approval import check_consent
from lambdaloop.domain.errors import ReleaseStateError
from lambdaloop.domain.release_rules import check_open, check_routing, steps_of
from lambdaloop.domain.shadowing import check_shadowed
from lambdaloop.domain.traffic import Routing
from lambdaloop.ports import ApprovalLog, Clock, Leases, ReleaseLog, Traffic
from lambdaloop.services.hold_release import hold_release


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A step of a release that takes traffic now."""

    step: int
    """Index into the release's steps."""
    weight: float
    """Share of the traffic, above 0 to 1."""
    since: datetime
    bake_seconds: int
    """How long it is watched before it is judged."""


def shift_traffic(
    *,
    model: str,
    number: int,
    step: int,
    execution: str,
    releases: ReleaseLog,
    approvals: ApprovalLog,
    leases: Leases,
    traffic: Traffic,
    clock: Clock,
) -> Shift:
    """Set the weights of the step, by the release's own rules; nothing happens where they are set already.

    Raises RoutingChangedError when somebody else changed the routing, ReleaseStateError when the release has ended or was
    to be shadowed first, ApprovalMissingError when somebody has to approve it first: the workflow sees to both, but one that
    began before they were asked for does not know of them.
    """
    hold_release(model, number, execution=execution, releases=releases, leases=leases, at=clock.now())
    routing = traffic.routing()
    release = releases.release(model, number)
    check_open(release)
    check_shadowed(release)
    check_consent(release, approvals.approval(model, number) if release.rules.approval else None)
    candidate, stable = release.lambda_version, release.previous_lambda_version
    if candidate is None:
        raise ReleaseStateError(f"release {number} of {model!r} is not published yet: open it first")
    check_routing(routing, model=release.model, stable=stable, candidate=candidate)
    taken = steps_of(release)[step]
    weight = taken.percent / 100
    if weight == 1:
        _set(traffic, routing, stable=candidate)
    else:
        _set(traffic, routing, stable=stable, candidate=candidate, weight=weight)
    # Somebody may have ended it by hand between the two reads above and the write: then its rollback takes this back.
    check_open(releases.release(model, number))
    return Shift(step=step, weight=weight, since=clock.now(), bake_seconds=taken.bake_seconds or 0)


def _set(
    traffic: Traffic, routing: Routing, *, stable: str, candidate: str | None = None, weight: float = 0.0
) -> None:
    if (routing.stable, routing.candidate, routing.weight) != (stable, candidate, weight):
        traffic.route(routing, stable=stable, candidate=candidate, weight=weight)
