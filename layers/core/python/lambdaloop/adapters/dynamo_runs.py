"""Runs in the registry table."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from lambdaloop.adapters.dynamo_audit import event
from lambdaloop.adapters.dynamo_keys import ModelKeys
from lambdaloop.adapters.dynamo_table import OnTable
from lambdaloop.domain.documents import Document, from_document, to_document
from lambdaloop.domain.errors import RunNotFoundError
from lambdaloop.domain.run import Run, RunStatus


class DynamoRuns(OnTable):
    """The port RunLog.

    IAM: dynamodb:GetItem; start_run PutItem; finish_run PutItem (the event) and UpdateItem; runs Query.
    """

    def start_run(self, run: Run) -> Run:
        """Record it; a run already recorded under this id is returned as it is."""
        key = ModelKeys(run.model).run(run.id)

        def change() -> Run:
            if (item := self._table.get(key)) is not None:
                return from_document(Run, item)
            detail = {"run": run.id, "reason": run.reason}
            self._table.write(
                self._table.create(key, to_document(run)),
                event(
                    self._table,
                    "run_started",
                    model=run.model,
                    at=run.started_at,
                    actor=run.requested_by,
                    detail=detail,
                ),
            )
            return run

        return self._table.swap(change)

    def finish_run(
        self, *, model: str, run: str, status: RunStatus, outcome: Mapping[str, Any], at: datetime
    ) -> Run:
        """Record how it ended, once: a run that is not running any more is returned as it is."""
        key = ModelKeys(model).run(run)

        def change() -> Run:
            current = self.run(model, run)
            if current.status != "running":
                return current
            end: Document = {"status": status, "outcome": dict(outcome), "finished_at": at.isoformat()}
            detail = {"run": run, "status": status, "outcome": dict(outcome)}
            self._table.write(
                self._table.update(key, change=end, expect={"status": "running"}),
                event(self._table, "run_finished", model=model, at=at, actor=run, detail=detail),
            )
            return self.run(model, run)

        return self._table.swap(change)

    def run(self, model: str, run: str) -> Run:
        """RunNotFoundError when there is none."""
        item = self._table.get(ModelKeys(model).run(run))
        if item is None:
            raise RunNotFoundError(f"model {model!r} has no run {run!r}: check its id")
        return from_document(Run, item)

    def runs(self, model: str) -> Sequence[Run]:
        """Newest first."""
        found = [from_document(Run, item) for item in self._table.below(ModelKeys(model).pk, "RUN#")]
        return sorted(found, key=lambda run: run.started_at, reverse=True)
