"""Versions and aliases in the registry table."""

from collections.abc import Sequence
from datetime import datetime

from lambdaloop.adapters.dynamo_audit import event
from lambdaloop.adapters.dynamo_keys import ModelKeys, sortable
from lambdaloop.adapters.dynamo_table import OnTable
from lambdaloop.domain.alias import Alias
from lambdaloop.domain.documents import from_document, to_document
from lambdaloop.domain.errors import ConflictError, RunNotFoundError, VersionNotFoundError
from lambdaloop.domain.run import Run
from lambdaloop.domain.version import Version, VersionDraft


class DynamoVersions(OnTable):
    """The port VersionRegistry, but for its audit trail.

    IAM: dynamodb:GetItem; register_version PutItem and UpdateItem; versions and alias_at Query.
    """

    def register_version(self, draft: VersionDraft, *, by: str, at: datetime) -> Version:
        """Give the draft the next number; the version that its run already registered is returned as it is.

        Version, counter, the run's end and the event are one transaction, so numbers have no gaps.
        """
        keys = ModelKeys(draft.model)

        def change() -> Version:
            run = self._run(draft)
            if run.version is not None:
                return self.version(draft.model, run.version)
            if run.status != "running":
                raise ConflictError(
                    f"run {run.id!r} has ended as {run.status} and registers nothing: start a new run"
                )
            counter = self._table.get(keys.counter("version"))
            number = 1 + (counter["last"] if counter else 0)
            version = from_document(
                Version,
                {**to_document(draft), "number": number, "created_at": at.isoformat(), "created_by": by},
            )
            detail = {"version": number, "run": draft.run, "digest": draft.digest}
            self._table.write(
                self._table.update(
                    keys.counter("version"),
                    change={"last": number},
                    expect={"last": number - 1 if counter else None},
                ),
                self._table.create(keys.version(number), to_document(version)),
                self._table.update(
                    keys.run(draft.run),
                    change={"status": "registered", "version": number, "finished_at": at.isoformat()},
                    expect={"status": "running"},
                ),
                event(self._table, "version_registered", model=draft.model, at=at, actor=by, detail=detail),
            )
            return version

        return self._table.swap(change)

    def version(self, model: str, number: int) -> Version:
        """VersionNotFoundError when there is none."""
        item = self._table.get(ModelKeys(model).version(number))
        if item is None:
            raise VersionNotFoundError(
                f"model {model!r} has no version {number}: list them with `lambdaloop versions list`"
            )
        return from_document(Version, item)

    def versions(self, model: str) -> Sequence[Version]:
        """Newest first."""
        return [from_document(Version, item) for item in self._table.below(ModelKeys(model).pk, "VERSION#")]

    def alias(self, model: str, name: str) -> Alias | None:
        """Where the name points now."""
        item = self._table.get(ModelKeys(model).alias(name))
        return None if item is None else from_document(Alias, item)

    def alias_at(self, model: str, name: str, at: datetime) -> Alias | None:
        """Where the name pointed at that time."""
        keys = ModelKeys(model)
        first, last = f"ALIASLOG#{name}#", f"ALIASLOG#{name}#{sortable(at)}"
        for item in self._table.newest(keys.pk, first=first, last=last, limit=1):
            return from_document(Alias, item)
        return None

    def _run(self, draft: VersionDraft) -> Run:
        item = self._table.get(ModelKeys(draft.model).run(draft.run))
        if item is None:
            raise RunNotFoundError(
                f"model {draft.model!r} has no run {draft.run!r}: a version comes from a recorded run"
            )
        return from_document(Run, item)
