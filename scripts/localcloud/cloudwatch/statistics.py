"""Statistics of metric values, as CloudWatch defines them."""

import math
import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import accumulate

_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,10})?|100)")
_EXACT_VALUES, _STEP = 200, 1.01
"""Beyond so many different values, further ones are rounded to powers of the step: a minute of busy traffic would hold
thousands, for days."""
SIMPLE = ("SampleCount", "Sum", "Average", "Minimum", "Maximum")


class UnknownStatisticError(ValueError):
    """A statistic that the local cloud does not compute."""


def check(statistic: str) -> None:
    """Raise UnknownStatisticError unless it is one of SIMPLE or a percentile such as p99 or p99.9."""
    if statistic not in SIMPLE and not _PERCENTILE.fullmatch(statistic):
        raise UnknownStatisticError(
            f"statistic {statistic!r} is not emulated locally, use one of {', '.join(SIMPLE)} or a percentile like p99"
        )


@dataclass(slots=True)
class Aggregate:
    """All values of one metric in a stretch of time."""

    count: float = 0.0
    total: float = 0.0
    least: float = float("inf")
    most: float = float("-inf")
    values: dict[float, float] | None = field(default_factory=dict)
    """How often each value came, rounded where there are many; None once a statistic set hides the single values."""

    def add(self, value: float, count: float = 1.0) -> None:
        """Add `count` times the same value."""
        self.count += count
        self.total += value * count
        self.least = min(self.least, value)
        self.most = max(self.most, value)
        if self.values is not None:
            _count(self.values, value, count)

    def add_set(self, *, count: float, total: float, least: float, most: float) -> None:
        """Add values of which only a summary is known.

        AWS: percentiles stay available only where the summary gives the values away.
        """
        if count == 1 or least == most:
            self.add(least, count)
            return
        self.count += count
        self.total += total
        self.least = min(self.least, least)
        self.most = max(self.most, most)
        self.values = None

    def merge(self, other: "Aggregate") -> None:
        """Add everything in `other`."""
        self.count += other.count
        self.total += other.total
        self.least = min(self.least, other.least)
        self.most = max(self.most, other.most)
        if self.values is None or other.values is None:
            self.values = None
        else:
            for value, count in other.values.items():
                _count(self.values, value, count)

    def statistic(self, name: str) -> float | None:
        """The statistic, or None when there is no value to compute it from.

        Raises UnknownStatisticError.
        """
        check(name)
        if self.count == 0:
            return None
        match name:
            case "SampleCount":
                return self.count
            case "Sum":
                return self.total
            case "Average":
                return self.total / self.count
            case "Minimum":
                return self.least
            case "Maximum":
                return self.most
        return _percentile(self.values, float(name[1:])) if self.values else None


def _count(values: dict[float, float], value: float, count: float) -> None:
    if len(values) >= _EXACT_VALUES and value not in values:
        value = math.copysign(_STEP ** round(math.log(abs(value), _STEP)), value) if value else value
    values[value] = values.get(value, 0.0) + count


def merged(parts: Iterable[Aggregate]) -> Aggregate:
    """One aggregate of all parts."""
    whole = Aggregate()
    for part in parts:
        whole.merge(part)
    return whole


def _percentile(values: dict[float, float], percent: float) -> float:
    """Linear interpolation between the closest ranks, each value counting as often as it came."""
    ordered = sorted(values)
    ends = list(accumulate(values[value] for value in ordered))
    rank = percent / 100 * (ends[-1] - 1)
    below = int(rank)
    lower = ordered[min(bisect_left(ends, below + 1), len(ordered) - 1)]
    upper = ordered[min(bisect_left(ends, min(below + 2, ends[-1])), len(ordered) - 1)]
    return lower + (upper - lower) * (rank - below)
