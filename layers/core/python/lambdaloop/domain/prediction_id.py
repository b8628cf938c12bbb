"""Prediction ids: UUIDs of version 7, which carry the time of their prediction.

Thereby a label, which says no more than an id, leads to the hour in which its prediction lies, without an index.
Layout: RFC 9562, section 5.7: 48 bits of milliseconds since 1970, then version, variant and 74 random bits.
"""

import os
import re
from datetime import UTC, datetime

_FORM = re.compile(r"[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}")


def new_prediction_id(at: datetime) -> str:
    """32 hexadecimal digits.

    The random bits come from the kernel each time: generators seeded before a snapshot would repeat themselves in every
    copy of it.
    """
    random = int.from_bytes(os.urandom(10), "big")
    number = int(at.timestamp() * 1000) << 80 | 7 << 76 | (random >> 68 & 0xFFF) << 64
    return f"{number | 0b10 << 62 | random & (1 << 62) - 1:032x}"


def time_of(prediction_id: str) -> datetime | None:
    """When the prediction was made, in UTC; None for an id that is not one of ours.

    >>> time_of("0195a5c3f0007000a000000000000001")
    datetime.datetime(2025, 3, 17, 20, 20, 36, 480000, tzinfo=datetime.timezone.utc)
    >>> time_of("order-7")
    """
    if not _FORM.fullmatch(prediction_id):
        return None
    return datetime.fromtimestamp(int(prediction_id[:12], 16) / 1000, UTC)
