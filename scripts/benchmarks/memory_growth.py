"""Whether memory grows: samples over time, the two that people look at, and the slope of all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import linear_regression


@dataclass(frozen=True, slots=True)
class Sample:
    """Of one moment."""

    seconds: float
    """Since the beginning."""
    resident_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """From the time on at which everything was warm."""

    first: Sample
    last: Sample
    bytes_per_minute: float
    """By least squares."""


def growth(samples: Sequence[Sample], *, warm_after: float) -> Growth:
    """Of the samples from `warm_after` seconds on; ValueError when these are fewer than two."""
    warm = [each for each in samples if each.seconds >= warm_after]
    if len(warm) < 2:
        raise ValueError(f"{len(warm)} samples after {warm_after} s, at least 2 are needed: measure longer")
    line = linear_regression([each.seconds for each in warm], [each.resident_bytes for each in warm])
    return Growth(first=warm[0], last=warm[-1], bytes_per_minute=line.slope * 60)
