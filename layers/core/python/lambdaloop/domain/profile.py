"""Profiles: what a set of rows looks like, small, and such that the profiles of parts add up to the profile of the whole.

The bin edges come from the baseline (the training data of a version), therefore counts add exactly, whoever counted.
That profiles merge is part of the baseline's contract: monitoring profiles served rows batch by batch and adds them up.
"""

import json
import math
import operator
import sys
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from lambdaloop.domain.documents import from_document, to_document

Number = TypeVar("Number", int, float)

MAX_BINS = 20
"""Between the smallest and the largest value of the baseline."""
MAX_MAGNITUDE = 1e100
"""Larger numbers count as this one in sums, moments and extremes, so that no square and no sum overflows."""
BOOLEANS = ("false", "true")
"""The categories of a boolean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumericProfile:
    """Counts and moments of one number."""

    edges: tuple[float, ...]
    """Ascending; bin i holds edges[i-1] < value <= edges[i], the first and the last bin are open."""
    counts: tuple[int, ...]
    """One more than edges."""
    sums: tuple[float, ...]
    """Of the values in each bin; with the counts they say how far values moved, even within bins."""
    missing: int = 0
    mean: float = 0.0
    m2: float = 0.0
    """Sum of squared differences from the mean."""
    min: float | None = None
    max: float | None = None
    out_of_range: int = 0
    """Values beyond the definition's min and max."""

    @property
    def count(self) -> int:
        """Values that are not missing."""
        return sum(self.counts)

    @property
    def rows(self) -> int:
        """Values, known or missing."""
        return self.count + self.missing

    def merge(self, other: "NumericProfile") -> "NumericProfile":
        """The profile of both sets of values; ValueError when the edges differ."""
        if self.edges != other.edges:
            raise ValueError(
                f"profiles with different bin edges cannot be merged: {self.edges}, {other.edges}"
            )
        mine, theirs = self.count, other.count
        share = theirs / (mine + theirs) if theirs else 0.0
        delta = other.mean - self.mean
        return NumericProfile(
            edges=self.edges,
            counts=_added(self.counts, other.counts),
            sums=_added(self.sums, other.sums),
            missing=self.missing + other.missing,
            mean=self.mean + delta * share,
            m2=self.m2 + other.m2 + delta * delta * mine * share,
            min=min((v for v in (self.min, other.min) if v is not None), default=None),
            max=max((v for v in (self.max, other.max) if v is not None), default=None),
            out_of_range=self.out_of_range + other.out_of_range,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryProfile:
    """Counts of the known values of a category or a boolean."""

    categories: tuple[str, ...]
    counts: tuple[int, ...]
    missing: int = 0
    unseen: int = 0

    @property
    def rows(self) -> int:
        """Values, known, unseen or missing."""
        return sum(self.counts) + self.unseen + self.missing

    def merge(self, other: "CategoryProfile") -> "CategoryProfile":
        """The profile of both sets of values; ValueError when the categories differ."""
        if self.categories != other.categories:
            raise ValueError(
                f"profiles with different categories cannot be merged: {self.categories}, {other.categories}"
            )
        return CategoryProfile(
            categories=self.categories,
            counts=_added(self.counts, other.counts),
            missing=self.missing + other.missing,
            unseen=self.unseen + other.unseen,
        )


ColumnProfile = NumericProfile | CategoryProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Features and predictions of a set of rows."""

    schema: int = 1
    rows: int
    features: Mapping[str, ColumnProfile]
    prediction: ColumnProfile
    """Predicted labels, or numbers for regression."""
    scores: Mapping[str, NumericProfile] = field(default_factory=dict)
    """Probabilities by str(label): the positive class for binary, every class for multiclass."""
    reconstruction: NumericProfile | None = None
    """Errors of the principal component analysis, where the baseline has one."""

    def merge(self, other: "Profile") -> "Profile":
        """The profile of both sets of rows; ValueError when they were not profiled alike."""
        if self.features.keys() != other.features.keys() or self.scores.keys() != other.scores.keys():
            raise ValueError("profiles of different columns cannot be merged")
        return replace(
            self,
            rows=self.rows + other.rows,
            features={
                name: merge_columns(mine, other.features[name]) for name, mine in self.features.items()
            },
            prediction=merge_columns(self.prediction, other.prediction),
            scores={label: mine.merge(other.scores[label]) for label, mine in self.scores.items()},
            reconstruction=self.reconstruction.merge(other.reconstruction)
            if self.reconstruction and other.reconstruction
            else None,
        )

    def to_json(self) -> bytes:
        """As it is stored."""
        return json.dumps(to_document(self), separators=(",", ":"), allow_nan=False).encode()

    @classmethod
    def from_json(cls, content: bytes) -> "Profile":
        """The inverse of `to_json`; ValueError when the content is something else."""
        return from_document(cls, json.loads(content))


def _added(one: tuple[Number, ...], other: tuple[Number, ...]) -> tuple[Number, ...]:
    """Both have the length that the bins or categories give; a comparison over months adds thousands of them."""
    return tuple(map(operator.add, one, other))


def merge_columns(one: ColumnProfile, other: ColumnProfile) -> ColumnProfile:
    """Merge two profiles of one column; ValueError when they are of different kinds."""
    if isinstance(one, NumericProfile) and isinstance(other, NumericProfile):
        return one.merge(other)
    if isinstance(one, CategoryProfile) and isinstance(other, CategoryProfile):
        return one.merge(other)
    raise ValueError(f"cannot merge a {type(one).__name__} with a {type(other).__name__}")


def quantile_edges(values: Iterable[float], *, bins: int = MAX_BINS) -> tuple[float, ...]:
    """Edges around the baseline's values: see `edges_of_sorted`.

    >>> quantile_edges([4.0, 1.0, 3.0, 2.0, 5.0, 6.0], bins=3)[1:]
    (2.0, 4.0, 6.0)
    """
    return edges_of_sorted(sorted(values), bins=bins)


def edges_of_sorted(ordered: Sequence[float], *, bins: int = MAX_BINS) -> tuple[float, ...]:
    """Edges that cut ascending values into at most `bins` bins of about equal counts, or of one value each where they are few.

    Two more bins, empty in the baseline, take what lies below its smallest and above its largest value: a constant that
    becomes another one, or a placeholder such as -999, would be invisible in a bin that held values before.
    """
    if not len(ordered):
        return ()
    smallest, largest = float(ordered[0]), float(ordered[-1])
    inner = _distinct(ordered, at_most=bins) or [
        float(ordered[math.ceil(len(ordered) * i / bins) - 1]) for i in range(1, bins)
    ]
    # Just below: the next number, but no denormal one, which some processor modes take for 0.
    below = min(math.nextafter(smallest, -math.inf), smallest - sys.float_info.min)
    edges = {below, *inner, largest}
    return tuple(sorted(edge for edge in edges if math.isfinite(edge)))


def _distinct(ordered: Sequence[float], *, at_most: int) -> list[float]:
    """The different values; none when they are more."""
    found: list[float] = []
    place = 0
    while place < len(ordered):
        if len(found) == at_most:
            return []
        found.append(float(ordered[place]))
        place = bisect_right(ordered, ordered[place])
    return found


def profile_numbers(
    values: Iterable[float | None],
    edges: Sequence[float],
    *,
    low: float | None = None,
    high: float | None = None,
) -> NumericProfile:
    """Count values into the bins between the edges; None and NaN are missing, beyond low and high is out of range."""
    known: list[float] = []
    missing = 0
    for value in values:
        if value is None or value != value:  # noqa: PLR0124  (NaN)
            missing += 1
        else:
            known.append(float(value))
    parts: list[list[float]] = [[] for _ in range(len(edges) + 1)]
    for value in known:
        parts[bisect_left(edges, value)].append(_bounded(value))
    bounded = [value for part in parts for value in part]
    mean = math.fsum(bounded) / len(bounded) if bounded else 0.0
    return NumericProfile(
        edges=tuple(edges),
        counts=tuple(map(len, parts)),
        sums=tuple(map(math.fsum, parts)),
        missing=missing,
        mean=mean,
        m2=math.fsum((value - mean) ** 2 for value in bounded),
        min=min(bounded, default=None),
        max=max(bounded, default=None),
        out_of_range=sum(
            (low is not None and value < low) or (high is not None and value > high) for value in known
        ),
    )


def _bounded(value: float) -> float:
    return max(-MAX_MAGNITUDE, min(MAX_MAGNITUDE, value))


def profile_categories(values: Iterable[str | None], categories: Sequence[str]) -> CategoryProfile:
    """Count values by category; None is missing, anything unknown is unseen."""
    found = Counter(values)
    missing = found.pop(None, 0)
    counts = tuple(found.pop(category, 0) for category in categories)
    return CategoryProfile(
        categories=tuple(categories), counts=counts, missing=missing, unseen=sum(found.values())
    )
