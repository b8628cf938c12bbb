"""Deletes published Lambda versions that no rollback will want; says so in the records of their releases."""

from dataclasses import dataclass

from lambdaloop.domain.pruning import gone, prunable
from lambdaloop.ports import Clock, ReleaseLog, Traffic


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What was deleted, and what is left."""

    deleted: tuple[str, ...]
    kept: tuple[str, ...]


def prune_versions(
    *, model: str, keep: int, bootstrap_version: str, releases: ReleaseLog, traffic: Traffic, clock: Clock
) -> Pruned:
    """Delete, then record: a run that dies in between leaves work for the next one, and never a false record.

    The order of the reads matters. Releases come first: one that is opened later is unknown, and what is unknown stays.
    Routing comes last: a rollback that moves traffic even later makes Lambda refuse the deletion.
    """
    known = releases.releases(model)
    published = traffic.published()
    unneeded = prunable(
        published,
        releases=known,
        routing=traffic.routing(),
        keep=keep,
        bootstrap_version=bootstrap_version,
    )
    deleted = tuple(each for each in unneeded if traffic.delete(each))
    left = [each for each in published if each.lambda_version not in deleted]
    for release in gone(left, releases=known):
        releases.record_deletion(release, at=clock.now())
    return Pruned(deleted=deleted, kept=tuple(each.lambda_version for each in left))
