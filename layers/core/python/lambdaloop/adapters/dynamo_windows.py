"""What the watch found, in the registry table."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from lambdaloop.adapters.dynamo_keys import ModelKeys
from lambdaloop.adapters.dynamo_table import OnTable
from lambdaloop.domain.documents import from_document, to_document
from lambdaloop.domain.errors import WindowNotFoundError
from lambdaloop.domain.window import WindowReport


class DynamoWindows(OnTable):
    """The port WindowLog. IAM: record_window dynamodb:PutItem; window and windows Query."""

    def record_window(self, report: WindowReport) -> None:
        """Keep it; the report of a window that was watched before is replaced."""
        key = ModelKeys(report.model).window(report.end)
        self._table.write(self._table.put(key, to_document(report)))

    def windows(
        self, model: str, *, since: datetime | None = None, until: datetime | None = None, limit: int = 100
    ) -> Sequence[WindowReport]:
        """Those that ended at or after `since` and not after `until`, newest first."""
        keys = ModelKeys(model)
        first = keys.window(since).sk if since else "WINDOW#"
        last = keys.window(until).sk if until else "WINDOW#~"
        items = self._table.newest(keys.pk, first=first, last=last, limit=limit)
        return [from_document(WindowReport, item) for item in items]

    def window(self, model: str, end: datetime) -> WindowReport:
        """The one that ended within this second; WindowNotFoundError when there is none."""
        keys = ModelKeys(model)
        last = keys.window(end + timedelta(seconds=1) - timedelta(microseconds=1)).sk
        for item in self._table.newest(keys.pk, first=keys.window(end).sk, last=last, limit=1):
            return from_document(WindowReport, item)
        raise WindowNotFoundError(
            f"model {model!r} has no window that ended at {end:%Y-%m-%d %H:%M:%S} UTC: list them with "
            f"`lambdaloop windows list {model}`"
        )
