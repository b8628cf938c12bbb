"""Namespaces keep experiments apart: each one owns a range of a namespace's 10,000 buckets, and no two share any.

An entity is in one bucket of a namespace for ever, so experiments of one namespace never share an entity, whichever models
they are about.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lambdaloop.domain.errors import NamespaceTakenError

BUCKETS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketRange:
    """Buckets of a namespace and the experiment that holds them."""

    model: str
    experiment: str
    first: int
    buckets: int

    @property
    def end(self) -> int:
        """The bucket after the last one."""
        return self.first + self.buckets


def find_room(held: Sequence[BucketRange], *, namespace: str, buckets: int, first: int | None = None) -> int:
    """Where so many buckets are free: at `first`, or else as far at the beginning as they fit.

    Raises NamespaceTakenError that says who holds what.

    >>> find_room([BucketRange(model="churn", experiment="a", first=0, buckets=4000)], namespace="shop", buckets=6000)
    4000
    """
    starts = [first] if first is not None else [0, *sorted(each.end for each in held)]
    for start in starts:
        end = start + buckets
        if end <= BUCKETS and all(each.end <= start or end <= each.first for each in held):
            return start
    holders = ", ".join(
        f"{each.first} to {each.end - 1} by experiment {each.experiment!r} of model {each.model!r}"
        for each in sorted(held, key=lambda each: each.first)
    )
    where = f"from bucket {first} on" if first is not None else "in one piece"
    raise NamespaceTakenError(
        f"namespace {namespace!r} has no {buckets} free buckets {where}; held: {holders or 'none'}: "
        "take fewer, wait until one of these ends, or take another namespace"
    )
