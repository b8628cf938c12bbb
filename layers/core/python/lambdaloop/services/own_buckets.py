"""Token buckets of one process: what counts requests while the shared ones cannot be reached."""

import threading
from datetime import datetime

from lambdaloop.domain.throttle import Throttle


class OwnBuckets:
    """The port Buckets, as far as this process knows."""

    def __init__(self) -> None:
        self._booked: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()

    def take(self, model: str, key: str, *, throttle: Throttle, now: datetime) -> int | None:
        """Take one request; None when there was one, and otherwise the whole seconds until there is."""
        at = round(now.timestamp() * 1_000_000)
        with self._lock:
            booked = self._booked.get((model, key))
            if wait := throttle.wait(booked, at):
                return wait
            self._booked[model, key] = max(booked or 0, at) + throttle.interval
            return None
