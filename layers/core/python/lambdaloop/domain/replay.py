"""Logged rows that two versions were asked about, one beside the other: what both answered, and how far apart they are.

A paired comparison needs far fewer rows than one of two shares of the traffic, because the rows are the same.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lambdaloop.domain.captured import CapturedPrediction
from lambdaloop.domain.definition import Feature
from lambdaloop.domain.prediction import Output
from lambdaloop.domain.segments import MISSING, OTHER, segment_name, segment_values
from lambdaloop.domain.signature import Signature

Z_ONE_SIDED = 1.6448536269514722
"""A one-sided bound at this many deviations holds in 95 of 100 samples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedAnswer:
    """One row and the answers of both versions; None where a version refused the row or failed."""

    row: CapturedPrediction
    """What the log says about it; the answer in it was given when the request was live."""
    champion: Output | None
    candidate: Output | None

    @property
    def features(self) -> Mapping[str, Any]:
        """The row."""
        return self.row.features


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What two versions answered about the same rows."""

    answers: tuple[PairedAnswer, ...]
    champion_ms: tuple[float, ...] = ()
    """How long each request took that was answered; several rows share one."""
    candidate_ms: tuple[float, ...] = ()

    @property
    def pairs(self) -> tuple[PairedAnswer, ...]:
        """The rows that both versions answered."""
        return tuple(each for each in self.answers if each.champion and each.candidate)

    @property
    def champion_failures(self) -> int:
        """Rows that the version before did not answer."""
        return sum(each.champion is None for each in self.answers)

    @property
    def candidate_failures(self) -> int:
        """Rows that the new version did not answer."""
        return sum(each.candidate is None for each in self.answers)

    @property
    def new_failures(self) -> int:
        """Rows that the version before answered and the new one did not."""
        return sum(each.candidate is None and each.champion is not None for each in self.answers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """How far apart two versions are on the rows that both answered."""

    value: float
    """The share of rows with different labels; for regression, the mean difference in standard deviations of all answers."""
    low: float
    """Below which it does not lie beyond doubt (one-sided 95 % bound)."""
    pairs: int

    @property
    def error(self) -> float:
        """Its standard deviation, about."""
        return (self.value - self.low) / Z_ONE_SIDED


def disagreement(outputs: Iterable[tuple[Output, Output]]) -> Disagreement | None:
    """Of pairs of answers to the same rows; None without any."""
    pairs = list(outputs)
    if not pairs:
        return None
    if pairs[0][0].probabilities is None:
        return _of_numbers([(float(one.value), float(other.value)) for one, other in pairs])
    different = sum(str(one.value) != str(other.value) for one, other in pairs)
    return Disagreement(value=different / len(pairs), low=wilson_low(different, len(pairs)), pairs=len(pairs))


def replay_disagreement(replay: Replay) -> Disagreement | None:
    """Of the rows that both versions answered."""
    return disagreement(
        (each.champion, each.candidate) for each in replay.answers if each.champion and each.candidate
    )


def wilson_low(hits: float, rows: float) -> float:
    """The lower end of Wilson's one-sided 95 % interval of a share.

    >>> round(wilson_low(40, 200), 3)
    0.158
    """
    if rows <= 0:
        return 0.0
    share, weight = hits / rows, Z_ONE_SIDED**2 / rows
    half = math.sqrt(share * (1 - share) * weight + weight**2 / 4)
    return max(0.0, (share + weight / 2 - half) / (1 + weight))


def percentile(values: Sequence[float], percent: float) -> float | None:
    """The smallest value that so many percent of the values do not exceed; None without values.

    >>> percentile([3.0, 1.0, 2.0], 50)
    2.0
    """
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def comparable_rows(
    rows: Iterable[CapturedPrediction], *signatures: Signature
) -> tuple[CapturedPrediction, ...]:
    """Those whose line keeps every feature that any of the versions takes."""
    wanted = {name for signature in signatures for name in signature.features}
    return tuple(row for row in rows if not row.features_dropped and wanted <= row.features.keys())


def sample_rows(rows: Iterable[CapturedPrediction], *, at_most: int) -> tuple[CapturedPrediction, ...]:
    """So many of them at most; always the same ones, and whichever time they are of: the ends of ids are random."""
    return tuple(sorted(rows, key=lambda row: row.prediction_id[::-1])[:at_most])


def by_segment(
    replay: Replay, names: Sequence[str], features: Mapping[str, Feature]
) -> Mapping[str, tuple[PairedAnswer, ...]]:
    """The answers of each segment, by its name such as plan=basic, for the segment features of the definition; sorted."""
    parts: dict[str, list[PairedAnswer]] = {}
    for name in names:
        known = segment_values(features[name])
        for answer in replay.answers:
            parts.setdefault(segment_name(name, _part(answer.features.get(name), known)), []).append(answer)
    return {name: tuple(parts[name]) for name in sorted(parts)}


def _part(value: Any, known: Mapping[str, str]) -> str:
    if value is None:
        return MISSING
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return known.get(text, OTHER)


def _of_numbers(pairs: Sequence[tuple[float, float]]) -> Disagreement:
    """In standard deviations of the answers of both, so that it is finite even if one of them always says the same."""
    answers = [value for pair in pairs for value in pair]
    scale = _deviation(answers)
    differences = [abs(one - other) for one, other in pairs]
    mean = math.fsum(differences) / len(pairs)
    if not scale:
        return Disagreement(value=0.0, low=0.0, pairs=len(pairs))
    half = Z_ONE_SIDED * _deviation(differences) / math.sqrt(len(pairs))
    return Disagreement(value=mean / scale, low=max(0.0, mean - half) / scale, pairs=len(pairs))


def _deviation(values: Sequence[float]) -> float:
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))
