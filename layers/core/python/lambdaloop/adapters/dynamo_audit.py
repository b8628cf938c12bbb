"""Audit events in the registry table."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from lambdaloop.adapters.dynamo_keys import ModelKeys
from lambdaloop.adapters.dynamo_table import DynamoTable, OnTable, Write
from lambdaloop.domain.audit import AuditEvent
from lambdaloop.domain.documents import from_document, to_document


class DynamoAudit(OnTable):
    """The audit trail. IAM: dynamodb:Query."""

    def events(self, model: str, *, limit: int = 100) -> Sequence[AuditEvent]:
        """The audit trail, newest first."""
        items = self._table.below(ModelKeys(model).pk, "EVENT#", limit=limit)
        return [from_document(AuditEvent, item) for item in items]


def event(
    table: DynamoTable, kind: str, *, model: str, at: datetime, actor: str, detail: Mapping[str, Any]
) -> Write:
    """The write of one event, for the transaction of the change it tells of."""
    record = AuditEvent(model=model, at=at, kind=kind, actor=actor, detail=detail)
    return table.create(ModelKeys(model).event(at), to_document(record))
