"""The time as AWS tells it: for commands whose machine may have another one, and whose records lie among those of Lambda."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any


class AwsClock:
    """The port Clock. The time of the last answer to the given clients, and what has passed since.

    The machine's own time until there was an answer. AWS tells whole seconds, so this may be up to one second behind.
    """

    def __init__(self, *clients: Any, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._told: datetime | None = None
        self._told_at = 0.0
        for client in clients:
            client.meta.events.register("after-call", self._hear)

    def now(self) -> datetime:
        """Aware, in UTC."""
        if self._told is None:
            return datetime.now(UTC)
        return self._told + timedelta(seconds=self._timer() - self._told_at)

    def _hear(self, *, http_response: Any, **_rest: Any) -> None:
        date = http_response.headers.get("date")
        try:
            told = parsedate_to_datetime(date) if date else None
        except ValueError:  # a proxy's own idea of a date
            return
        if told is not None:
            self._told, self._told_at = told.astimezone(UTC), self._timer()
