"""Counting arrays into the bins and categories of a baseline: exact, at memory speed, and with no second copy of the data.

Columns are counted in chunks that fit a processor's cache. A sorted chunk answers everything at once: the place of an edge
is a count, what lies between two places is a bin's sum, its ends are the extremes, and missing values (NaN) come last.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambdaloop.domain.profile import (
    BOOLEANS,
    MAX_MAGNITUDE,
    CategoryProfile,
    NumericProfile,
    edges_of_sorted,
)

_CHUNK = 16_384
"""128 kB of numbers: in cache, and large enough that calling numpy costs less than sorting."""


def count_numbers(
    values: NDArray[np.float64],
    edges: Sequence[float],
    *,
    low: float | None = None,
    high: float | None = None,
) -> NumericProfile:
    """The same as domain.profile.profile_numbers, for [rows] numbers; sums and moments to rounding."""
    tally = _Tally(edges=np.array(edges, dtype=np.float64), low=low, high=high)
    for start in range(0, len(values), _CHUNK):
        tally.add(values[start : start + _CHUNK].copy())
    return tally.profile()


def count_categories(values: NDArray[Any], categories: Sequence[str]) -> CategoryProfile:
    """The same as domain.profile.profile_categories, for [rows] of str, None or NaN."""
    counts = dict.fromkeys(categories, 0)
    missing = 0
    for start in range(0, len(values), _CHUNK):
        # Only known values outlive a chunk, however many different ones there are.
        for value, count in Counter(values[start : start + _CHUNK].tolist()).items():
            if value in counts:
                counts[value] += count
            elif value is None or value != value:  # noqa: PLR0124  (NaN)
                missing += count
    known = tuple(counts.values())
    return CategoryProfile(
        categories=tuple(categories), counts=known, missing=missing, unseen=len(values) - missing - sum(known)
    )


def count_booleans(values: NDArray[np.float64]) -> CategoryProfile:
    """Of [rows] 0, 1 or NaN; any other number is unseen."""
    counts = tuple(int(np.count_nonzero(values == value)) for value in range(len(BOOLEANS)))
    missing = int(np.count_nonzero(np.isnan(values)))
    return CategoryProfile(
        categories=BOOLEANS, counts=counts, missing=missing, unseen=len(values) - missing - sum(counts)
    )


def count_codes(codes: NDArray[np.int64], categories: Sequence[str]) -> CategoryProfile:
    """Of [rows] indices into the categories; -1 is missing."""
    counts = np.bincount(codes + 1, minlength=len(categories) + 1).tolist()
    return CategoryProfile(categories=tuple(categories), counts=tuple(counts[1:]), missing=counts[0])


def edges_around(values: NDArray[np.float64]) -> tuple[float, ...]:
    """The same as domain.profile.quantile_edges, for [rows] numbers; NaN is left out."""
    return edges_of_sorted(np.sort(values[~np.isnan(values)]))  # type: ignore[arg-type]  # it only measures, indexes and bisects


@dataclass(slots=True, kw_only=True)
class _Tally:
    """What the chunks of one column add up to. Called once per chunk, so calls of numpy are few and work in place."""

    edges: NDArray[np.float64]
    low: float | None
    high: float | None
    counts: NDArray[np.intp] = field(init=False)
    sums: NDArray[np.float64] = field(init=False)
    bounds: NDArray[np.intp] = field(init=False)
    """Where the bins of a chunk begin and end."""
    moments: list[tuple[int, float, float]] = field(default_factory=list)
    """The count, mean and m2 of each chunk."""
    missing: int = 0
    out_of_range: int = 0
    min: float = np.inf
    max: float = -np.inf

    def __post_init__(self) -> None:
        bins = len(self.edges) + 1
        self.counts = np.zeros(bins, dtype=np.intp)
        self.sums = np.zeros(bins)
        self.bounds = np.zeros(bins + 1, dtype=np.intp)

    def add(self, chunk: NDArray[np.float64]) -> None:
        """Count a chunk, which is sorted and spoiled."""
        chunk.sort()
        known = len(chunk)
        if np.isnan(chunk[-1]):  # NaN comes last
            known = int(chunk.searchsorted(np.nan))
            self.missing += len(chunk) - known
            chunk = chunk[:known]
            if not known:
                return
        self._count_out_of_range(chunk)
        self.bounds[1:-1] = chunk.searchsorted(self.edges, side="right")
        self.bounds[-1] = known
        counts = self.bounds[1:] - self.bounds[:-1]
        if chunk[0] < -MAX_MAGNITUDE or chunk[-1] > MAX_MAGNITUDE:
            np.clip(chunk, -MAX_MAGNITUDE, MAX_MAGNITUDE, out=chunk)
        occupied = counts.nonzero()[0]
        sums = np.add.reduceat(chunk, self.bounds[occupied])
        self.counts += counts
        self.sums[occupied] += sums
        self.min = min(self.min, float(chunk[0]))
        self.max = max(self.max, float(chunk[-1]))
        mean = float(np.add.reduce(sums)) / known
        chunk -= mean
        chunk *= chunk
        self.moments.append((known, mean, float(np.add.reduce(chunk))))

    def _count_out_of_range(self, chunk: NDArray[np.float64]) -> None:
        if self.low is not None and chunk[0] < self.low:
            self.out_of_range += int(chunk.searchsorted(self.low, side="left"))
        if self.high is not None and chunk[-1] > self.high:
            self.out_of_range += len(chunk) - int(chunk.searchsorted(self.high, side="right"))

    def profile(self) -> NumericProfile:
        """All of it."""
        known, means, m2 = np.array(self.moments, dtype=np.float64).reshape(-1, 3).T
        mean = float((known * means).sum() / known.sum()) if len(known) else 0.0
        return NumericProfile(
            edges=tuple(self.edges.tolist()),
            counts=tuple(self.counts.tolist()),
            sums=tuple(self.sums.tolist()),
            missing=self.missing,
            mean=mean,
            m2=float(m2.sum() + (known * np.square(means - mean)).sum()),
            min=self.min if len(known) else None,
            max=self.max if len(known) else None,
            out_of_range=self.out_of_range,
        )
