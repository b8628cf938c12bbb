"""Who is in the holdout.

A row's side follows from its own key alone, so it never changes between runs: no champion, past or future, was fitted
on rows that judge it.
"""

import hashlib
from collections.abc import Sequence
from typing import Literal

_SEPARATOR = "\x1f"


def row_key(fields: Sequence[str]) -> str:
    """The key of a row that belongs to no entity: its whole text, so that equal rows share a side."""
    return _SEPARATOR.join(fields)


def in_holdout(key: str, *, model: str, fraction: float) -> bool:
    """Whether the rows with this key are held out.

    BLAKE2b of the key, salted with the model's name, read as a number in [0, 1) and compared with the fraction.

    >>> in_holdout("customer-7", model="churn", fraction=0.2)
    False
    >>> in_holdout("customer-7", model="churn", fraction=0.9)
    True
    """
    digest = hashlib.blake2b(key.encode(), digest_size=8, key=f"lambdaloop holdout {model}".encode())
    return int.from_bytes(digest.digest(), "big") < fraction * 2**64


def holdout_mask(
    keys: Sequence[str], *, model: str, fraction: float, split: Literal["hash", "time"]
) -> list[bool]:
    """For every row whether it is held out: by its key, or, for `time`, the last fraction of the rows."""
    if split == "time":
        first = len(keys) - round(len(keys) * fraction)
        return [number >= first for number in range(len(keys))]
    return [in_holdout(key, model=model, fraction=fraction) for key in keys]
