"""What a caller sends along so that the same request, sent again, gets the same prediction ids.

Nothing is stored. The key is a UUID of version 7, so it carries the time at which the request was first made, and a
prediction id is made of that time and of a hash of key, row and place. Whoever counts predictions by their id counts a
repeated one once.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from lambdaloop.domain.prediction_id import prediction_id_of, time_of

MAX_AGE = timedelta(hours=24)
MAX_AHEAD = timedelta(minutes=5)
"""How far ahead of ours a caller's clock may be."""
_FORM = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryKey:
    """A key that was checked."""

    text: str
    """32 hexadecimal digits."""
    time: datetime
    """When the request was made for the first time, in UTC."""

    def prediction_id(self, row: Mapping[str, Any], *, place: int, entity: str | None) -> str:
        """The id of the prediction for that row of the request: another row never gets it."""
        told = json.dumps([self.text, place, entity, row], sort_keys=True)
        return prediction_id_of(self.time, sha256(told.encode()).hexdigest())


def read_retry_key(text: str, *, now: datetime) -> RetryKey:
    """ValueError unless the text is a UUID of version 7 of the last 24 hours.

    >>> from datetime import UTC
    >>> read_retry_key("0195a5c3-f000-7000-a000-000000000001", now=datetime(2025, 3, 17, 21, tzinfo=UTC)).time.minute
    20
    """
    digits = text.replace("-", "").lower() if _FORM.fullmatch(text) else ""
    time = time_of(digits)
    if time is None:
        raise ValueError(f"must be a UUID of version 7, got {text[:60]!r}")
    if not now - MAX_AGE <= time <= now + MAX_AHEAD:
        raise ValueError(
            f"is of {time:%Y-%m-%dT%H:%M:%SZ}, which is not within the last {MAX_AGE // timedelta(hours=1)} hours"
        )
    return RetryKey(text=digits, time=time)
