"""Takes all traffic back to a release that was live before, because a person says so.

It runs in that person's own process and with their rights: first one change of the live alias, then the record. Lambda alone
is enough for the first, so traffic comes back while the bucket, the training side or even the registry is out of reach.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lambdaloop.domain.errors import BackendUnavailableError, RoutingChangedError
from lambdaloop.domain.release import BESIDE_STATUSES, Release
from lambdaloop.domain.return_note import ReturnNote, noted
from lambdaloop.domain.returning import Destination, destination, live_of
from lambdaloop.domain.traffic import Routing
from lambdaloop.ports import Clock, ReleaseLog, Traffic
from lambdaloop.services.find_way_back import check_pin, way_back

_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRequest:
    """What somebody asked for."""

    model: str
    to: int | None
    """None: back from the newest release that has traffic."""
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """How it went: all traffic is at `release` in any case."""

    release: int
    lambda_version: str
    left: int | None
    """The release that had traffic until now."""
    moved: bool
    """Whether traffic was elsewhere before."""
    ended: tuple[int, ...]
    """Releases that were under way and are over now."""
    unrecorded: str | None
    """Why the registry does not say so yet; None when it does."""


def return_to_release(
    request: ReturnRequest,
    *,
    releases: ReleaseLog,
    traffic: Traffic,
    clock: Clock,
    unreachable: tuple[type[Exception], ...] = (BackendUnavailableError,),
) -> Returned:
    """Move all traffic, then record it; running it again changes nothing, but writes a record that is missing.

    `unreachable`: what the registry raises when it cannot be used; it stops no rollback. Raises NothingToReturnToError,
    ReleaseNotFoundError, ReleaseStateError (never live), LambdaVersionDeletedError, ReleaseNotReadyError (Lambda put the
    version to sleep), RoutingChangedError (somebody keeps moving traffic); traffic is where it was then. BackendUnavailableError of Lambda
    itself says nothing about where it is: run it again.
    """
    for attempt in range(_TRIES):
        known = _known(request.model, releases, unreachable)
        routing = traffic.routing()
        goal = _goal(request, known, routing, traffic)
        try:
            moved, note = _move(request, goal, known, routing, traffic, clock.now())
            break
        except RoutingChangedError:
            if attempt == _TRIES - 1:
                raise
    unrecorded = None
    try:
        releases.return_to(
            model=request.model, number=goal.release, by=note.by, reason=note.reason, at=note.at
        )
    except unreachable as error:
        unrecorded = str(error)
    else:
        _hold(goal, note, traffic)
    under_way = [each.number for each in known or () if each.status in BESIDE_STATUSES]
    return Returned(
        release=goal.release,
        lambda_version=goal.lambda_version,
        left=goal.left or note.left,
        moved=moved,
        ended=() if unrecorded else tuple(under_way),
        unrecorded=unrecorded,
    )


def _recorded(note: ReturnNote, known: Sequence[Release]) -> bool:
    """Whether the registry says what the note says."""
    live = live_of(known)
    under_way = {each.number for each in known if each.status in BESIDE_STATUSES}
    return live is not None and live.number == note.to and note.left not in under_way


def _hold(goal: Destination, note: ReturnNote, traffic: Traffic) -> None:
    """Move traffic once more if a release took some back before it was recorded as ended; from now on none does."""
    for attempt in range(_TRIES):
        routing = traffic.routing()
        if goal.reached(routing):
            return
        try:
            traffic.route(routing, stable=goal.lambda_version, note=note.text())
        except RoutingChangedError:
            if attempt == _TRIES - 1:
                raise


def _known(
    model: str, releases: ReleaseLog, unreachable: tuple[type[Exception], ...]
) -> list[Release] | None:
    try:
        return list(releases.releases(model))
    except unreachable:
        return None  # Lambda knows enough, and the record comes later


def _goal(
    request: ReturnRequest, known: list[Release] | None, routing: Routing, traffic: Traffic
) -> Destination:
    if known is None:
        return way_back(request.model, routing, to=request.to, traffic=traffic)
    goal = destination(request.model, known, routing, to=request.to)
    check_pin(request.model, goal.release, goal.lambda_version, traffic)
    return goal


def _move(
    request: ReturnRequest,
    goal: Destination,
    known: list[Release] | None,
    routing: Routing,
    traffic: Traffic,
    now: datetime,
) -> tuple[bool, ReturnNote]:
    """Whether traffic had to be moved, and who did it: perhaps a run before this one, of which the record is missing."""
    before = noted(routing)
    if before is not None and goal.reached(routing) and not _recorded(before, known or ()):
        return False, before
    note = ReturnNote(
        to=goal.release,
        lambda_version=goal.lambda_version,
        left=goal.left,
        at=now,
        by=request.by,
        reason=request.reason,
    )
    if goal.reached(routing):
        return False, note
    traffic.route(routing, stable=goal.lambda_version, note=note.text())
    return True, note
