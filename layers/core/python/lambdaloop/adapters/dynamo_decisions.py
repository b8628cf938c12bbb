"""Decisions of the governor in the registry table. All items are only ever added."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from lambdaloop.adapters.dynamo_keys import ModelKeys
from lambdaloop.adapters.dynamo_table import OnTable, Write
from lambdaloop.domain.decision import Decision
from lambdaloop.domain.documents import Document, from_document, to_document
from lambdaloop.domain.errors import DecisionOutdatedError


class DynamoDecisions(OnTable):
    """The port DecisionLog. IAM: dynamodb:GetItem, Query; record_decision PutItem.

    Beside the decision, DECIDED#id keeps ids unique and says where it lies, RETRAINING#number makes retrainings one row of
    which two writers cannot both add the next, and UPLOAD#time#id remembers data that wait for a training.
    """

    def record_decision(self, decision: Decision, *, since: Decision | None) -> bool:
        """Keep it; False, and nothing is changed, when a decision was recorded under its id before.

        `since` is the last retraining that it was decided with. DecisionOutdatedError when it is one more retraining and
        another was recorded meanwhile: of two that decide at once, one decides anew.
        """
        keys = ModelKeys(decision.model)

        def change() -> bool:
            if self._table.get(keys.decided(decision.id)) is not None:
                return False
            writes = [
                self._table.create(keys.decision(decision.at, decision.id), to_document(decision)),
                self._table.create(keys.decided(decision.id), {"at": decision.at.isoformat()}),
            ]
            if decision.retrain:
                writes.append(self._next_retraining(decision, since))
            if decision.cause == "data":
                upload = {"asked_at": decision.asked_at.isoformat()}
                writes.append(self._table.create(keys.upload(decision.asked_at, decision.id), upload))
            self._table.write(*writes)
            return True

        return self._table.swap(change)

    def decision(self, model: str, decision: str) -> Decision | None:
        """The one of this id."""
        place = self._table.get(ModelKeys(model).decided(decision))
        if place is None:
            return None
        item = self._table.get(ModelKeys(model).decision(datetime.fromisoformat(place["at"]), decision))
        return None if item is None else from_document(Decision, item)

    def last_retraining(self, model: str) -> Decision | None:
        """The newest decision to retrain."""
        newest = self._newest(model, "RETRAINING#")
        return None if newest is None else self.decision(model, newest["decision"])

    def last_upload(self, model: str) -> datetime | None:
        """When the newest of the uploads came that asked for a training."""
        newest = self._newest(model, "UPLOAD#")
        return None if newest is None else datetime.fromisoformat(newest["asked_at"])

    def decisions(self, model: str, *, limit: int = 100, quiet: bool = True) -> Sequence[Decision]:
        """Newest first; without the quiet ones when they are not wanted."""
        items = self._table.below(ModelKeys(model).pk, "DECISION#", limit=limit if quiet else None)
        found = (from_document(Decision, item) for item in items)
        return list(islice((each for each in found if quiet or not each.quiet), limit))

    def _next_retraining(self, decision: Decision, since: Decision | None) -> Write:
        """The write that only one of two can make who both know `since` as the last retraining."""
        newest = self._newest(decision.model, "RETRAINING#")
        if (newest and newest["decision"]) != (since and since.id):
            raise DecisionOutdatedError(
                f"another retraining of model {decision.model!r} was decided on meanwhile, {newest and newest['decision']!r}: "
                "decide anew"
            )
        number = 1 + (newest["number"] if newest else 0)
        return self._table.create(
            ModelKeys(decision.model).retraining(number), {"number": number, "decision": decision.id}
        )

    def _newest(self, model: str, prefix: str) -> Document | None:
        return next(self._table.below(ModelKeys(model).pk, prefix, limit=1), None)
