"""Going back to an earlier release, and Lambda versions that are gone, in the registry table."""

from datetime import datetime

from lambdaloop.adapters.dynamo_keys import ModelKeys
from lambdaloop.adapters.dynamo_releases import DynamoReleases
from lambdaloop.adapters.dynamo_table import Write
from lambdaloop.domain.alias import CHAMPION, Alias, moved
from lambdaloop.domain.documents import from_document, to_document
from lambdaloop.domain.errors import ReleaseNotFoundError, ReleaseStateError
from lambdaloop.domain.lease import FREE
from lambdaloop.domain.release import ENDED_STATUSES, Release
from lambdaloop.domain.release_rules import LEASE
from lambdaloop.domain.returning import ended_by, not_before, status_after, was_live

_ENDED = tuple(sorted(ENDED_STATUSES))


class DynamoReturns(DynamoReleases):
    """The rest of the port ReleaseLog. IAM: dynamodb:GetItem, Query, PutItem, UpdateItem."""

    def return_to(self, *, model: str, number: int, by: str, reason: str, at: datetime) -> Release:
        """In one transaction: that release live again, the alias champion at its version, all others ended.

        Those that are under way or have a share are rolled back and their lease is given up; the one that was live is rolled back, too, or
        superseded where the target is newer. Nothing changes when the target is live and nothing is under way. It is told as of
        `at`, or just after the last thing that is known of these releases.
        ReleaseNotFoundError; ReleaseStateError when it was never live.
        """
        keys = ModelKeys(model)

        def change() -> Release:
            releases = self.releases(model)
            target = next((each for each in releases if each.number == number), None)
            if target is None:
                raise ReleaseNotFoundError(f"model {model!r} has no release {number}")
            if not was_live(target):
                raise ReleaseStateError(
                    f"release {number} of {model!r} was never live: go back to one that was"
                )
            ended = ended_by(target, releases)
            if target.status == "live" and not ended:
                return target
            moment = not_before(at, [target, *ended])
            last = releases[0].number
            outcome = f"went back to release {number}, by {by}: {reason}"
            writes = [
                # Nothing else was opened since: what is under way is all among `releases`.
                self._table.update(keys.counter("release"), change={"last": last}, expect={"last": last}),
                *(write for each in ended for write in self._ending(each, target, outcome, by, moment)),
                *self._freeing(model, ended),
            ]
            if target.status != "live":
                writes += self._returning(target, ended, by, reason, moment)
            self._table.write(*writes)
            return self.release(model, number)

        return self._table.swap(change)

    def record_deletion(self, release: Release, *, at: datetime) -> Release:
        """Note that the Lambda version of an ended release is gone; noting it again changes nothing.

        ReleaseStateError when the release has not ended.
        """

        def change() -> Release:
            current = self.release(release.model, release.number)
            if current.lambda_version_deleted_at is not None:
                return current
            if current.status not in _ENDED:
                raise ReleaseStateError(
                    f"release {current.number} of {current.model!r} is {current.status}: its Lambda version is needed"
                )
            self._table.write(
                self._table.update(
                    ModelKeys(current.model).release(current.number),
                    change={"lambda_version_deleted_at": at.isoformat()},
                    expect={"status": _ENDED},
                ),
                self._event(
                    "lambda_version_deleted", current, at, {"lambda_version": current.lambda_version}
                ),
            )
            return self.release(release.model, release.number)

        return self._table.swap(change)

    def _ending(self, release: Release, target: Release, outcome: str, by: str, at: datetime) -> list[Write]:
        """A release that loses by it, whether it was live or under way."""
        status = status_after(release, target)
        change = {"status": status, "outcome": outcome, "closed_at": at.isoformat()}
        key = ModelKeys(release.model).release(release.number)
        writes = [self._table.update(key, change=change, expect={"status": release.status})]
        if status == "rolled_back":
            writes.append(
                self._event(
                    "release_rolled_back",
                    release,
                    at,
                    {"outcome": outcome, "returned_to": target.number},
                    actor=by,
                )
            )
        return writes

    def _returning(
        self, target: Release, ended: list[Release], by: str, reason: str, at: datetime
    ) -> list[Write]:
        """The release that wins, the champion, and the log that answers "what served at that time?"."""
        keys = ModelKeys(target.model)
        item = self._table.get(keys.alias(CHAMPION))
        champion = None if item is None else from_document(Alias, item)
        alias = moved(
            champion,
            model=target.model,
            name=CHAMPION,
            version=target.version,
            release=target.number,
            at=at,
            by=by,
        )
        left = next((each.number for each in ended if each.status == "live"), None)
        detail = {"from": left, "reason": reason}
        return [
            self._table.update(
                keys.release(target.number),
                change={"status": "live", "live_at": alias.moved_at.isoformat()},
                expect={"status": target.status},
            ),
            self._table.update(
                keys.alias(CHAMPION),
                change=to_document(alias),
                expect={"revision": None if champion is None else champion.revision},
            ),
            self._table.create(keys.alias_log(CHAMPION, alias.moved_at), to_document(alias)),
            self._event("release_returned", target, at, detail, actor=by),
            self._event(
                "alias_moved",
                target,
                at,
                {"alias": CHAMPION, "from": champion and champion.version},
                actor=by,
            ),
        ]

    def _freeing(self, model: str, ended: list[Release]) -> list[Write]:
        """The lease of a release that was under way: its workflow will find that it has ended."""
        key = ModelKeys(model).lease(LEASE)
        lease = self._table.get(key)
        owners = {each.execution for each in ended}
        if lease is None or lease["owner"] not in owners:
            return []
        return [
            self._table.update(key, change={"owner": FREE}, expect={"owner": lease["owner"]}),
        ]
