"""Adds up outcomes."""

from collections.abc import Sequence
from dataclasses import replace

from lambdaloop.domain.outcomes import (
    Calibration,
    ClassOutcomes,
    NumberOutcomes,
    Outcomes,
    Ranking,
)


def merge_outcomes(one: Outcomes | None, other: Outcomes | None) -> Outcomes | None:
    """Over both sets of rows; ValueError when they are of different kinds."""
    if one is None or other is None:
        return one or other
    if isinstance(one, ClassOutcomes) and isinstance(other, ClassOutcomes):
        return _classes(one, other)
    if isinstance(one, NumberOutcomes) and isinstance(other, NumberOutcomes):
        return NumberOutcomes(
            rows=one.rows + other.rows,
            error=one.error.merge(other.error),
            absolute=one.absolute.merge(other.absolute),
            squared=one.squared.merge(other.squared),
            actual=one.actual.merge(other.actual),
        )
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
        rankings={
            label: Ranking(
                positives=_added(each.positives, other.rankings[label].positives),
                negatives=_added(each.negatives, other.rankings[label].negatives),
            )
            for label, each in one.rankings.items()
        },
        calibration=Calibration(
            rows=_added(one.calibration.rows, other.calibration.rows),
            scores=_added(one.calibration.scores, other.calibration.scores),
            hits=_added(one.calibration.hits, other.calibration.hits),
        ),
    )


def _added(one: Sequence[float], other: Sequence[float]) -> tuple[float, ...]:
    return tuple(a + b for a, b in zip(one, other, strict=True))
