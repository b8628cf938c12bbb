"""Which arm of an experiment an entity gets: a pure function that every process, version and language computes alike.

docs/assignment.md is its specification and docs/assignment-vectors.json its proof; algorithm "v1" never changes. Whoever
needs another one adds it beside, so that experiments under way keep their entities where they are.
"""

import hashlib
from collections.abc import Sequence
from itertools import accumulate
from typing import Literal

Algorithm = Literal["v1"]
AssignmentKind = Literal["entity", "request", "outside"]
"""By the entity; by the request, because nobody said whom it is about; or not in the experiment, so the control answers."""

BUCKETS = 10_000
_MAX_TEXT = 100
_ARM, _NAMESPACE = b"lambdaloop v1 arm\0", b"lambdaloop v1 namespace\0"
_DIGITS = 12
"""Hexadecimal ones, 48 bits: exact in every language's numbers, and the last bucket is short of one part in 10^10."""


def bucket_of(key: str, *, salt: str) -> int:
    """The bucket that decides the arm, 0 to 9,999.

    >>> bucket_of("customer-7", salt="checkout-2026")
    5382
    """
    return _bucket(_ARM, salt, key)


def namespace_bucket_of(key: str, *, namespace: str) -> int:
    """The bucket that decides which experiment of a namespace an entity is in; independent of those that decide arms.

    >>> namespace_bucket_of("customer-7", namespace="checkout-2026")
    6282
    """
    return _bucket(_NAMESPACE, namespace, key)


def arm_of(bucket: int, shares: Sequence[int]) -> int:
    """The place of the arm that has the bucket: the first arm has the lowest ones, as many as its share, and so on.

    >>> [arm_of(bucket, (7000, 0, 3000)) for bucket in (0, 6999, 7000, 9999)]
    [0, 0, 2, 2]
    """
    return next(place for place, end in enumerate(accumulate(shares)) if bucket < end)


def check_text(name: str, text: str) -> None:
    """ValueError unless it is fit for a salt or a namespace; what is hashed must not depend on an encoding."""
    if not 1 <= len(text) <= _MAX_TEXT or not text.isascii() or not text.isprintable():
        raise ValueError(f"{name} must be 1 to {_MAX_TEXT} printable ASCII characters, got {text[:120]!r}")


def _bucket(purpose: bytes, salt: str, key: str) -> int:
    # No zero byte can stand in a salt, so no two pairs of salt and key give the same bytes.
    digest = hashlib.sha256(b"%s%s\0%s" % (purpose, salt.encode("ascii"), _utf8(key)))
    return int(digest.hexdigest()[:_DIGITS], 16) % BUCKETS


def _utf8(key: str) -> bytes:
    """UTF-8; half a character (a lone surrogate, which JSON can hold) becomes U+FFFD, as browsers encode it."""
    try:
        return key.encode()
    except UnicodeEncodeError:
        return key.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
