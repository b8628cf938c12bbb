"""Releases in the registry table.

Status only moves forward: open, shifting, live, superseded; beside a live one sharing, withdrawn; or rolled_back.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from lambdaloop.adapters.dynamo_audit import event
from lambdaloop.adapters.dynamo_keys import ModelKeys
from lambdaloop.adapters.dynamo_table import OnTable, Write
from lambdaloop.domain.alias import CHAMPION, Alias, moved
from lambdaloop.domain.documents import Document, from_document, to_document
from lambdaloop.domain.errors import AliasMovedError, ReleaseNotFoundError, ReleaseStateError
from lambdaloop.domain.experiment_pin import ExperimentPin
from lambdaloop.domain.judgement_history import with_judgement
from lambdaloop.domain.release import ENDED_STATUSES, OPEN_STATUSES, Judgement, Release, TrafficShare
from lambdaloop.domain.release_rules import check_open
from lambdaloop.domain.releasing_rules import ReleaseRules

_OPEN = tuple(sorted(OPEN_STATUSES))


class DynamoReleases(OnTable):
    """The port ReleaseLog. IAM: dynamodb:GetItem, PutItem, UpdateItem; releases Query.

    Beside the fields of `Release` an item has `judged`, the number of its judgements: the condition of appending one.
    """

    def open_release(
        self,
        *,
        model: str,
        version: int,
        execution: str,
        requested_by: str,
        reason: str,
        previous_lambda_version: str,
        first: bool,
        rules: ReleaseRules,
        at: datetime,
        experiment: ExperimentPin | None = None,
        share: TrafficShare | None = None,
    ) -> Release:
        """Record a new release under the next number; the one this execution already opened is returned as it is."""
        keys = ModelKeys(model)

        def change() -> Release:
            if (opened := self.release_of(model, execution)) is not None:
                return opened
            counter = self._table.get(keys.counter("release"))
            champion = self._champion(model)
            release = Release(
                number=1 + (counter["last"] if counter else 0),
                model=model,
                version=version,
                status="open",
                execution=execution,
                requested_by=requested_by,
                reason=reason,
                created_at=at,
                previous=None if champion is None else champion.release,
                previous_lambda_version=previous_lambda_version,
                first=first,
                rules=rules,
                experiment=experiment,
                share=share,
            )
            detail = {"release": release.number, "version": version, "reason": reason}
            self._table.write(
                self._table.update(
                    keys.counter("release"),
                    change={"last": release.number},
                    expect={"last": counter["last"] if counter else None},
                ),
                self._table.create(keys.release(release.number), {**to_document(release), "judged": 0}),
                self._table.create(keys.execution(execution), {"release": release.number}),
                self._event("release_opened", release, at, detail, actor=requested_by),
            )
            return release

        return self._table.swap(change)

    def record_publication(self, release: Release, *, lambda_version: str, at: datetime) -> Release:
        """Note the Lambda version that is this release."""

        def change() -> Release:
            current = self.release(release.model, release.number)
            if current.lambda_version == lambda_version:
                return current
            check_open(current)
            if current.lambda_version is not None:
                raise ReleaseStateError(
                    f"release {release.number} is Lambda version {current.lambda_version} and cannot become {lambda_version}"
                )
            self._table.write(
                self._update(current, {"lambda_version": lambda_version}, {"lambda_version": None}),
                self._event("release_published", current, at, {"lambda_version": lambda_version}),
            )
            return self.release(release.model, release.number)

        return self._table.swap(change)

    def record_judgement(self, release: Release, judgement: Judgement) -> Release:
        """Append a judgement; that of a step makes the status shifting. ReleaseStateError when the release has ended."""

        def change() -> Release:
            judged = self._judged(release)  # read first: whoever judges meanwhile makes the write fail
            current = self.release(release.model, release.number)
            check_open(current)
            if current.judgements and current.judgements[-1] == judgement:
                return current
            judgements = [to_document(one) for one in with_judgement(current.judgements, judgement)]
            self._table.write(
                self._update(
                    current,
                    {
                        "judgements": judgements,
                        "judged": judged + 1,
                        "status": "shifting" if judgement.kind == "step" else current.status,
                    },
                    {"judged": judged},
                ),
                self._event("release_judged", current, judgement.at, to_document(judgement)),
            )
            return self.release(release.model, release.number)

        return self._table.swap(change)

    def close_release(self, release: Release, *, outcome: str, at: datetime) -> Release:
        """In one transaction: this release live, the previous one superseded, alias champion moved to its version.

        Closing a live release changes nothing. ReleaseStateError when it was rolled back; AliasMovedError when the
        champion is no longer the one this release was opened against.
        """

        def change() -> Release:
            current = self.release(release.model, release.number)
            if current.status in ("live", "superseded"):
                return current
            check_open(current)
            champion = self._champion(release.model)
            if (None if champion is None else champion.release) != current.previous:
                raise AliasMovedError(
                    f"release {current.number} was opened against release {current.previous}, but the champion of model "
                    f"{current.model!r} now is release {champion and champion.release}: start a new release"
                )
            self._table.write(*self._closing(current, champion, outcome, at))
            return self.release(release.model, release.number)

        return self._table.swap(change)

    def share_release(self, release: Release, *, at: datetime) -> Release:
        """Note that it has its share of the traffic, and keeps it; doing so again changes nothing.

        ReleaseStateError when it has ended.
        """

        def change() -> Release:
            current = self.release(release.model, release.number)
            if current.status == "sharing":
                return current
            check_open(current)
            self._table.write(
                self._update(current, {"status": "sharing", "shared_at": at.isoformat()}, {}),
                self._event(
                    "release_shares",
                    current,
                    at,
                    {"percent": current.share and current.share.percent},
                ),
            )
            return self.release(release.model, release.number)

        return self._table.swap(change)

    def withdraw_release(self, release: Release, *, outcome: str, by: str, at: datetime) -> Release:
        """Note that a release that had a share has none any more; one that has ended is returned as it is.

        ReleaseStateError when it has not come to its share yet, or is live.
        """

        def change() -> Release:
            current = self.release(release.model, release.number)
            if current.status in ENDED_STATUSES:
                return current
            if current.status != "sharing":
                raise ReleaseStateError(
                    f"release {current.number} of model {current.model!r} is {current.status}, wanted sharing"
                )
            ended = {"status": "withdrawn", "outcome": outcome, "closed_at": at.isoformat()}
            key = ModelKeys(current.model).release(current.number)
            self._table.write(
                self._table.update(key, change=ended, expect={"status": "sharing"}),
                self._event("release_withdrawn", current, at, {"outcome": outcome}, actor=by),
            )
            return self.release(release.model, release.number)

        return self._table.swap(change)

    def roll_back_release(self, release: Release, *, outcome: str, at: datetime) -> Release:
        """Mark it rolled back; doing so again changes nothing. ReleaseStateError when it is live or superseded."""

        def change() -> Release:
            current = self.release(release.model, release.number)
            if current.status == "rolled_back":
                return current
            check_open(current)
            self._table.write(
                self._update(
                    current, {"status": "rolled_back", "outcome": outcome, "closed_at": at.isoformat()}, {}
                ),
                self._event("release_rolled_back", current, at, {"outcome": outcome}),
            )
            return self.release(release.model, release.number)

        return self._table.swap(change)

    def release(self, model: str, number: int) -> Release:
        """ReleaseNotFoundError when there is none."""
        item = self._table.get(ModelKeys(model).release(number))
        if item is None:
            raise ReleaseNotFoundError(
                f"model {model!r} has no release {number}: list them with `lambdaloop releases list`"
            )
        return from_document(Release, item)

    def release_of(self, model: str, execution: str) -> Release | None:
        """The release that this workflow execution opened, if it came that far."""
        item = self._table.get(ModelKeys(model).execution(execution))
        return None if item is None else self.release(model, item["release"])

    def releases(self, model: str, *, limit: int | None = None) -> Sequence[Release]:
        """Newest first; the newest ones when there is a limit."""
        items = self._table.below(ModelKeys(model).pk, "RELEASE#", limit=limit)
        return [from_document(Release, item) for item in items]

    def _judged(self, release: Release) -> int:
        """How often it was judged, also by judgements that its record does not hold any more."""
        item = self._table.get(ModelKeys(release.model).release(release.number))
        return int(item["judged"]) if item else 0

    def _closing(self, release: Release, champion: Alias | None, outcome: str, at: datetime) -> list[Write]:
        """Alias, both releases, the log that answers "what served at that time?", and the events."""
        keys = ModelKeys(release.model)
        alias = moved(
            champion,
            model=release.model,
            name=CHAMPION,
            version=release.version,
            release=release.number,
            at=at,
            by=release.execution,
        )
        record = to_document(alias)
        end = {
            "status": "live",
            "outcome": outcome,
            "live_at": at.isoformat(),
            "closed_at": at.isoformat(),
        }
        writes = [
            self._update(release, end, {}),
            self._table.update(
                keys.alias(CHAMPION),
                change=record,
                expect={"revision": None if champion is None else champion.revision},
            ),
            self._table.create(keys.alias_log(CHAMPION, alias.moved_at), record),
            self._event("release_closed", release, at, {"outcome": outcome, "previous": release.previous}),
            self._event(
                "alias_moved", release, at, {"alias": CHAMPION, "from": champion and champion.version}
            ),
        ]
        if release.previous is not None:
            writes.append(
                self._table.update(
                    keys.release(release.previous),
                    change={"status": "superseded"},
                    expect={"status": "live"},
                )
            )
        return writes

    def _champion(self, model: str) -> Alias | None:
        item = self._table.get(ModelKeys(model).alias(CHAMPION))
        return None if item is None else from_document(Alias, item)

    def _update(self, release: Release, change: Mapping[str, Any], expect: Mapping[str, Any]) -> Write:
        """A change of a release that has not ended."""
        key = ModelKeys(release.model).release(release.number)
        return self._table.update(key, change=change, expect={**expect, "status": _OPEN})

    def _event(
        self, kind: str, release: Release, at: datetime, detail: Document, *, actor: str | None = None
    ) -> Write:
        return event(
            self._table,
            kind,
            model=release.model,
            at=at,
            actor=actor or release.execution,
            detail={"release": release.number, "version": release.version, **detail},
        )
