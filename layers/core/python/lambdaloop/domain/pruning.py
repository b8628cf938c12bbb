"""Which published Lambda versions nobody will need again.

Kept is whatever has traffic, whatever a rollback may want, whatever is under way, and whatever no release accounts for. The
last ones that were live stay for `lambdaloop rollback --to`.
"""

from collections.abc import Sequence

from lambdaloop.domain.release import BESIDE_STATUSES, ENDED_STATUSES, Release
from lambdaloop.domain.returning import live_of, release_before, was_live
from lambdaloop.domain.traffic import PublishedVersion, Routing


def prunable(
    published: Sequence[PublishedVersion],
    *,
    releases: Sequence[Release],
    routing: Routing,
    keep: int,
    bootstrap_version: str,
) -> list[str]:
    """The Lambda versions to delete, out of those that exist.

    `keep`: how many ended releases that were live are kept, the newest ones.
    """
    known = {release.number: release for release in releases}
    kept_releases = _kept(releases, keep)
    under_way = [release for release in releases if release.status in BESIDE_STATUSES]
    kept_versions = {
        bootstrap_version,
        routing.stable,
        routing.candidate,
        *(release.lambda_version for release in under_way),
        *(release.previous_lambda_version for release in under_way),
    }
    found = []
    for each in published:
        release = known.get(each.release or 0)
        if each.lambda_version in kept_versions or release is None or release.number in kept_releases:
            continue
        found.append(each.lambda_version)
    return found


def gone(published: Sequence[PublishedVersion], *, releases: Sequence[Release]) -> list[Release]:
    """Ended releases whose Lambda version does not exist, and whose records do not say so yet."""
    there = {(each.lambda_version, each.release) for each in published}
    return [
        release
        for release in releases
        if release.status in ENDED_STATUSES
        and release.lambda_version is not None
        and release.lambda_version_deleted_at is None
        and (release.lambda_version, release.number) not in there
    ]


def _kept(releases: Sequence[Release], keep: int) -> set[int]:
    """Numbers of the releases whose Lambda versions stay."""
    ended = sorted(
        (
            release.number
            for release in releases
            if release.status in ENDED_STATUSES
            and was_live(release)
            and release.lambda_version_deleted_at is None
        ),
        reverse=True,
    )
    unfinished = {release.number for release in releases if release.status in BESIDE_STATUSES}
    kept = {*ended[:keep], *unfinished}
    live = live_of(releases)
    if live is not None:
        before = release_before(live, releases)
        kept |= {live.number} | ({before.number} if before else set())
    return kept
