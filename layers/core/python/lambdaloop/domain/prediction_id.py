"""Prediction ids: UUIDs of version 7, which carry the time of their prediction.

Thereby a label, which says no more than an id, leads to the hour in which its prediction lies, without an index.
Layout: RFC 9562, section 5.7: 48 bits of milliseconds since 1970, then version, variant and 74 random bits.
"""

import os
import re
from datetime import UTC, datetime, timedelta

_FORM = re.compile(r"[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}")
_VARIANT = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))
"""Of four random bits the first two become 10."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MILLISECOND = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)


def new_prediction_id(at: datetime) -> str:
    """32 hexadecimal digits.

    The random bits come from the kernel each time: generators seeded before a snapshot would repeat themselves in every
    copy of it.
    """
    return prediction_id_of(at, os.urandom(10).hex())


def prediction_id_of(at: datetime, random: str) -> str:
    """The id of that time and 19 or more hexadecimal digits."""
    return f"{int(at.timestamp() * 1000):012x}7{random[:3]}{_VARIANT[random[3]]}{random[4:19]}"


def time_of(prediction_id: str) -> datetime | None:
    """When the prediction was made, in UTC; None for an id that is not one of ours.

    >>> time_of("0195a5c3f0007000a000000000000001")
    datetime.datetime(2025, 3, 17, 20, 20, 36, 480000, tzinfo=datetime.timezone.utc)
    >>> time_of("order-7")
    """
    if not _FORM.fullmatch(prediction_id):
        return None
    milliseconds = int(prediction_id[:12], 16)
    # 48 bits reach beyond the year 9999.
    return _EPOCH + timedelta(milliseconds=milliseconds) if milliseconds <= _LAST_MILLISECOND else None
