"""What people were told, in the registry table: one partition for all alerts, so that who tells people reads nothing else."""

from collections.abc import Sequence

from lambdaloop.adapters.aws_errors import ConditionFailedError, ContendedError
from lambdaloop.adapters.dynamo_keys import alert_of, alerts
from lambdaloop.adapters.dynamo_table import DynamoTable
from lambdaloop.domain.alert import AlertState
from lambdaloop.domain.documents import from_document, to_document
from lambdaloop.domain.errors import ConflictError


class DynamoAlerts:
    """The port AlertLog. IAM: dynamodb:GetItem, Query, PutItem on the partition ALERTS."""

    def __init__(self, table: DynamoTable) -> None:
        self._table = table

    def alert(self, key: str) -> AlertState | None:
        """The state of one key."""
        item = self._table.get(alert_of(key))
        return None if item is None else from_document(AlertState, item)

    def open_alerts(self) -> Sequence[AlertState]:
        """Those whose ending is held back, and those with letters that a channel does not have."""
        found = (from_document(AlertState, item) for item in self._table.below(alerts(), "ALERT#"))
        return [each for each in found if each.held_until or each.letters]

    def record_alert(self, state: AlertState, *, before: AlertState | None) -> None:
        """Replace the state that was read; ConflictError when it is another one by now."""
        expected = None if before is None else before.revision
        try:
            self._table.write(self._table.replace(alert_of(state.key), to_document(state), revision=expected))
        except (ConditionFailedError, ContendedError) as error:
            raise ConflictError(f"the alert {state.key!r} changed meanwhile: read it again") from error
