"""What the library says of simulated experiments: of all of them and all of their looks at once, with its own functions."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lambdaloop.experimentation.confidence_sequences import half_width
from lambdaloop.experimentation.contrasts import common_slope, difference
from lambdaloop.experimentation.sample_ratio import ALARM, mixture_p
from lambdaloop.experimentation.sample_size import information
from scripts.benchmarks.experiment_streams import Stream, Stretch

Flags = NDArray[np.bool_]
_ALPHA = 0.05
_ORDINARY = 1.959963984540054
MIN_UNITS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Shares of the experiments of one kind."""

    missed: float
    """In which an interval did not hold the truth at some look."""
    missed_by_ordinary: float
    """The same, were the intervals as wide as one look needs them."""
    found: float
    """In which the last arm was better beyond doubt at some look."""
    half_found_after: float
    """By what part of the looks half of the experiments had found that; inf when fewer did."""
    invalid: float
    """Called so at some look, by the sample ratio."""


def judge(stream: Stream, stretches: Iterable[Stretch], *, smallest_effect: float) -> Judged:
    """All looks of all experiments."""
    looks = [looked(stream, stretch, smallest_effect) for stretch in stretches]
    missed, ordinary, found, invalid = (np.concatenate(each, axis=1) for each in zip(*looks, strict=True))
    first = np.where(found.any(axis=1), found.argmax(axis=1) + 1, np.inf)
    half = float(np.sort(first)[len(first) // 2]) / found.shape[1]
    return Judged(
        missed=float(missed.any(axis=1).mean()),
        missed_by_ordinary=float(ordinary.any(axis=1).mean()),
        found=float(found.any(axis=1).mean()),
        half_found_after=half,
        invalid=float(invalid.any(axis=1).mean()),
    )


def looked(stream: Stream, stretch: Stretch, smallest_effect: float) -> tuple[Flags, Flags, Flags, Flags]:
    """By experiment and look: truth outside, truth outside ordinary intervals, last arm better, sample ratio wrong."""
    arms = [
        [sums.moments(within_0_and_1=stream.within_0_and_1) for sums in arm]
        for arm in zip(*stretch, strict=True)
    ]
    measured = np.stack([sum(sums.units for sums in arm) for arm in zip(*stretch, strict=True)])
    alpha = _ALPHA / len(stream.differences)
    planned = information(smallest_effect, alpha=alpha)
    by = common_slope(arms)
    missed = ordinary = better = np.zeros(measured.shape[1:], dtype=np.bool_)
    for arm, units, truth in zip(arms[1:], measured[1:], stream.differences, strict=True):
        enough = np.minimum(measured[0], units) >= MIN_UNITS
        shown = difference(arms[0], arm, by)
        half = half_width(shown.variance, planned_information=planned, alpha=alpha)
        missed = missed | (enough & (np.abs(shown.value - truth) > half))
        ordinary = ordinary | (enough & (np.abs(shown.value - truth) > _ORDINARY * np.sqrt(shown.variance)))
        better = enough & (shown.value > half)
    return missed, ordinary, better, _invalid(stretch, measured)


def _invalid(stretch: Stretch, units: NDArray[np.float64]) -> Flags:
    expected = sum(
        np.stack([arm.share * np.sum([each.units for each in period], axis=0) for arm in period])
        for period in stretch
    )
    with np.errstate(invalid="ignore"):
        return mixture_p(units, np.asarray(expected)) < ALARM
