"""Summaries: all that an hour, a day or any stretch of time keeps about predictions. Summaries of parts add up.

A comparison over a month adds up thirty days; it never reads a row.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime

from lambdaloop.domain.outcomes import Outcomes
from lambdaloop.domain.outcomes_merge import merge_outcomes
from lambdaloop.domain.profile import CategoryProfile, ColumnProfile, NumericProfile, Profile


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class SliceKey:
    """Whose predictions."""

    release: int
    version: int
    variant: str
    segment: str = ""
    """feature=value, or empty for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogCounts:
    """What became of the lines of the log."""

    predictions: int = 0
    """Each prediction id once."""
    repeated: int = 0
    """Lines about a prediction that was counted already."""
    labelled: int = 0
    """Predictions with a label."""
    conflicting: int = 0
    """Predictions whose labels contradict each other at the same time of observation; they are not scored."""
    unknown: int = 0
    """Labels whose prediction is not in the log: not captured, not ours, or yet to come."""
    foreign: int = 0
    """Labels that are no class of the version that made the prediction; they are not scored."""

    def merge(self, other: "LogCounts") -> "LogCounts":
        """Both."""
        return LogCounts(
            **{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceSummary:
    """One slice's predictions."""

    key: SliceKey
    rows: int
    profile: Profile | None = None
    """None where the version's baseline cannot be read."""
    outcomes: Outcomes | None = None
    """Of the labelled predictions."""
    expected: Outcomes | None = None
    """Of all predictions, before labels arrive."""
    expected_labelled: Outcomes | None = None
    """Of the labelled predictions, as if their labels were not known: against `outcomes`, the estimator's own error."""
    label_delay_seconds: float = 0.0
    """Sum over the labelled predictions of the time from the prediction to the arrival of its label."""
    newest_labelled: datetime | None = None
    """When the newest labelled prediction was made."""

    def merge(self, other: "SliceSummary") -> "SliceSummary":
        """Of both sets of predictions."""
        return SliceSummary(
            key=self.key,
            rows=self.rows + other.rows,
            profile=merge_profiles(self.profile, other.profile),
            outcomes=merge_outcomes(self.outcomes, other.outcomes),
            expected=merge_outcomes(self.expected, other.expected),
            expected_labelled=merge_outcomes(self.expected_labelled, other.expected_labelled),
            label_delay_seconds=self.label_delay_seconds + other.label_delay_seconds,
            newest_labelled=max(
                (at for at in (self.newest_labelled, other.newest_labelled) if at is not None), default=None
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One model over [start, end), by the times of the predictions."""

    schema: int = 1
    model: str
    start: datetime
    end: datetime
    counts: LogCounts = field(default_factory=LogCounts)
    slices: tuple[SliceSummary, ...] = ()
    """Sorted by key."""
    profiled: tuple[str, ...] = ()
    """Of an hour: the sources whose profiles it holds."""

    def merge(self, other: "Summary") -> "Summary":
        """Over both stretches of time."""
        merged: dict[SliceKey, SliceSummary] = {each.key: each for each in self.slices}
        for each in other.slices:
            known = merged.get(each.key)
            merged[each.key] = known.merge(each) if known else each
        return replace(
            self,
            start=min(self.start, other.start),
            end=max(self.end, other.end),
            counts=self.counts.merge(other.counts),
            slices=tuple(merged[key] for key in sorted(merged)),
            profiled=(),
        )

    def by_key(self) -> Mapping[SliceKey, SliceSummary]:
        """The slices by whose they are."""
        return {each.key: each for each in self.slices}


def merge_profiles(one: Profile | None, other: Profile | None) -> Profile | None:
    """Of both sets of rows, also where one lacks a column: there, all of its rows have no value.

    A release always captures the same features, but a single odd line must not stop the watch.
    """
    if one is None or other is None:
        return one or other
    return _completed(one, other).merge(_completed(other, one))


def _completed(profile: Profile, like: Profile) -> Profile:
    if profile.features.keys() == like.features.keys() and (
        profile.reconstruction or not like.reconstruction
    ):
        return profile
    lacking = {name: each for name, each in like.features.items() if name not in profile.features}
    return replace(
        profile,
        features={**profile.features, **{name: _empty(each, profile.rows) for name, each in lacking.items()}},
        # A sum over rows that could be restored: others do not count.
        reconstruction=profile.reconstruction
        or (like.reconstruction and _without_values(like.reconstruction, missing=0)),
    )


def _empty(like: ColumnProfile, rows: int) -> ColumnProfile:
    if isinstance(like, CategoryProfile):
        return CategoryProfile(categories=like.categories, counts=(0,) * len(like.counts), missing=rows)
    return _without_values(like, missing=rows)


def _without_values(like: NumericProfile, *, missing: int) -> NumericProfile:
    bins = len(like.counts)
    return NumericProfile(edges=like.edges, counts=(0,) * bins, sums=(0.0,) * bins, missing=missing)
