"""Going back to a release that was live before: which one, and what the registry says afterwards.

Traffic is moved first and recorded then, so what traffic shows may be ahead of the registry: a rollback whose record is
missing, or an alias that somebody pointed elsewhere by hand. Running the command again records what traffic shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lambdaloop.domain.errors import (
    LambdaVersionDeletedError,
    NothingToReturnToError,
    ReleaseNotFoundError,
    ReleaseStateError,
)
from lambdaloop.domain.release import BESIDE_STATUSES, Release, ReleaseStatus
from lambdaloop.domain.return_note import noted
from lambdaloop.domain.traffic import Routing


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where all traffic is to go."""

    release: int
    lambda_version: str
    left: int | None
    """The release that loses traffic by it; None where none does, or nobody knows which."""

    def reached(self, routing: Routing) -> bool:
        """Whether all traffic goes there already."""
        return (routing.stable, routing.candidate) == (self.lambda_version, None)


def was_live(release: Release) -> bool:
    """Whether it ever became live."""
    return release.live_at is not None or release.status in ("live", "superseded")


def live_of(releases: Sequence[Release]) -> Release | None:
    """The live one."""
    return next((release for release in releases if release.status == "live"), None)


def release_before(live: Release, releases: Sequence[Release]) -> Release | None:
    """The release that was live before this one and can be gone back to.

    Past those that were rolled back by hand, whose Lambda version is gone, or that share the traffic of an experiment.
    """
    known = {release.number: release for release in releases}
    found = known.get(live.previous or 0)
    while found is not None and not _can_serve_again(found):
        found = known.get(found.previous or 0)
    return found


def _can_serve_again(release: Release) -> bool:
    there = release.status == "superseded" and release.lambda_version_deleted_at is None
    return there and release.experiment is None


def way_back_of(release: Release, releases: Sequence[Release]) -> str:
    """The Lambda version that a rollback of this release leads to once it is live; `releases` were opened before it."""
    live = live_of(releases)
    if live is None or live.experiment is None or live.lambda_version != release.previous_lambda_version:
        return release.previous_lambda_version
    before = release_before(live, releases)
    return str(before.lambda_version) if before else release.previous_lambda_version


def destination(model: str, releases: Sequence[Release], routing: Routing, *, to: int | None) -> Destination:
    """Where a rollback leads: to release `to`, or back from the newest release that has traffic.

    Raises NothingToReturnToError, ReleaseNotFoundError, ReleaseStateError (never live), LambdaVersionDeletedError.
    """
    target = _asked(model, releases, to) if to is not None else _before(model, releases, routing)
    if target.lambda_version is None or not was_live(target):
        raise ReleaseStateError(
            f"release {target.number} of {model!r} was never live, it ended as {target.status}: "
            "go back to one that was live"
        )
    if target.lambda_version_deleted_at is not None:
        raise LambdaVersionDeletedError(
            f"the Lambda version of release {target.number} of {model!r} was deleted on "
            f"{target.lambda_version_deleted_at:%Y-%m-%d}: release its version {target.version} again with "
            f"`lambdaloop releases start {model} --version {target.version}`"
        )
    lost = [each for each in _serving(releases, routing) if each.number != target.number]
    return Destination(
        release=target.number,
        lambda_version=target.lambda_version,
        left=max((each.number for each in lost), default=None),
    )


def _asked(model: str, releases: Sequence[Release], to: int) -> Release:
    for release in releases:
        if release.number == to:
            return release
    raise ReleaseNotFoundError(
        f"model {model!r} has no release {to}: list them with `lambdaloop releases list {model}`"
    )


def _before(model: str, releases: Sequence[Release], routing: Routing) -> Release:
    live = live_of(releases)
    if live is None:
        raise NothingToReturnToError(f"no release of {model!r} is live: there is nothing to go back to")
    if (note := noted(routing)) is not None and note.back:
        return _asked(model, releases, note.to)  # once is enough
    serving = _serving(releases, routing)
    if any(each.number > live.number for each in serving):
        return live
    if routing.candidate is None and serving and serving[0] is not live and was_live(serving[0]):
        return serving[0]  # somebody went back there by other means
    before = release_before(live, releases)
    if before is None:
        raise NothingToReturnToError(
            f"release {live.number} of {model!r} is live, and none that was live before it can still be gone back to: "
            f"see `lambdaloop releases list {model}`"
        )
    return before


def _serving(releases: Sequence[Release], routing: Routing) -> list[Release]:
    """Those that have traffic; where a function was made anew and numbers came again, the newest of a number."""
    newest: dict[str, Release] = {}
    for release in sorted(releases, key=lambda each: each.number):
        if release.lambda_version is not None:
            newest[release.lambda_version] = release
    return [newest[each] for each in (routing.stable, routing.candidate) if each in newest]


def ended_by(target: Release, releases: Sequence[Release]) -> list[Release]:
    """What going back to `target` ends: the live release, and every one that is under way or has a share."""
    return [
        each
        for each in releases
        if each.number != target.number and (each.status == "live" or each.status in BESIDE_STATUSES)
    ]


def status_after(release: Release, target: Release) -> ReleaseStatus:
    """How a release ends by going back to `target`: going forward to a newer one says nothing against it."""
    forward = release.status == "live" and target.number > release.number
    return "superseded" if forward else "rolled_back"


def not_before(at: datetime, releases: Sequence[Release]) -> datetime:
    """`at`, or just after the last thing that the records of these releases tell, if that is later.

    Whoever goes back has another clock than those who wrote them, and AWS tells the time in whole seconds.
    """
    told = (
        moment
        for each in releases
        for moment in (
            each.created_at,
            each.shared_at,
            each.live_at,
            each.closed_at,
            *(one.at for one in each.judgements),
        )
        if moment is not None
    )
    return max([at, *(moment + timedelta(microseconds=1) for moment in told)])
