"""Adds up outcomes."""

from collections.abc import Sequence
from dataclasses import replace

from lambdaloop.domain.outcomes import (
    DECIMALS,
    Calibration,
    ClassOutcomes,
    NumberOutcomes,
    Outcomes,
    Ranking,
    Spread,
)


def merge_outcomes(one: Outcomes | None, other: Outcomes | None) -> Outcomes | None:
    """Over both sets of rows; ValueError when they are of different kinds."""
    if one is None or other is None:
        return one or other
    if isinstance(one, ClassOutcomes) and isinstance(other, ClassOutcomes):
        return _classes(one, other)
    if isinstance(one, NumberOutcomes) and isinstance(other, NumberOutcomes):
        return _numbers(one, other)
    raise ValueError(f"cannot merge a {type(one).__name__} with a {type(other).__name__}")


def _classes(one: ClassOutcomes, other: ClassOutcomes) -> ClassOutcomes:
    if one.classes != other.classes or one.rankings.keys() != other.rankings.keys():
        raise ValueError(f"outcomes of different classes cannot be merged: {one.classes}, {other.classes}")
    return replace(
        one,
        rows=one.rows + other.rows,
        actual=_added(one.actual, other.actual),
        predicted=_added(one.predicted, other.predicted),
        correct=_added(one.correct, other.correct),
        log_loss=one.log_loss.merge(other.log_loss),
        brier=one.brier.merge(other.brier),
        rankings={label: _ranking(each, other.rankings[label]) for label, each in one.rankings.items()},
        calibration=Calibration(
            rows=_added(one.calibration.rows, other.calibration.rows),
            scores=_added(one.calibration.scores, other.calibration.scores),
            hits=_added(one.calibration.hits, other.calibration.hits),
        ),
    )


def _ranking(one: Ranking, other: Ranking) -> Ranking:
    """Whatever `one` has that the other lacks is taken over as it is: of a sum over a month, that is most of it."""
    positives = dict(zip(one.bins, one.positives, strict=True))
    negatives = dict(zip(one.bins, one.negatives, strict=True))
    for place, hits, misses in zip(other.bins, other.positives, other.negatives, strict=True):
        positives[place] = round(positives.get(place, 0.0) + hits, DECIMALS)
        negatives[place] = round(negatives.get(place, 0.0) + misses, DECIMALS)
    bins = sorted(positives)
    return Ranking(
        bins=tuple(bins),
        positives=tuple(map(positives.__getitem__, bins)),
        negatives=tuple(map(negatives.__getitem__, bins)),
    )


def _added(one: Sequence[float], other: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(a + b, DECIMALS) for a, b in zip(one, other, strict=True))


def _numbers(one: NumberOutcomes, other: NumberOutcomes) -> NumberOutcomes:
    rows = one.rows + other.rows
    share = other.rows / rows if rows else 0.0
    mean = one.actual.mean * (1 - share) + other.actual.mean * share
    here, there = _around(mean, one), _around(mean, other)
    return NumberOutcomes(
        rows=rows,
        absolute=one.absolute.merge(other.absolute),
        squared=one.squared.merge(other.squared),
        actual=Spread(
            mean=mean,
            second=here.second + there.second,
            third=here.third + there.third,
            fourth=here.fourth + there.fourth,
            error_first=here.error_first + there.error_first,
            error_second=here.error_second + there.error_second,
        ),
    )


def _around(mean: float, outcomes: NumberOutcomes) -> Spread:
    """The same sums around another mean (the binomial theorem; the first power adds up to zero around the own mean)."""
    own, rows, squared = outcomes.actual, outcomes.rows, outcomes.squared.total
    d = own.mean - mean
    return Spread(
        mean=mean,
        second=own.second + rows * d**2,
        third=own.third + 3 * d * own.second + rows * d**3,
        fourth=own.fourth + 4 * d * own.third + 6 * d**2 * own.second + rows * d**4,
        error_first=own.error_first + d * squared,
        error_second=own.error_second + 2 * d * own.error_first + d**2 * squared,
    )
