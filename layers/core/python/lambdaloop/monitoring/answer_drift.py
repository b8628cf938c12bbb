"""How differently the answers of two versions are distributed, and how often they differ: on few rows as well as on many.

A population stability index grows by chance alone, the more the fewer rows there are, and a release is judged on few. So the
cells are few, too, what chance adds on average is taken off, and a test says whether the rest is more than chance.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lambdaloop.domain.metrics import Task
from lambdaloop.domain.prediction import Output
from lambdaloop.domain.profile import ColumnProfile, NumericProfile
from lambdaloop.domain.replay import Disagreement, disagreement
from lambdaloop.monitoring.columns import Scores
from lambdaloop.monitoring.distances import Cells
from lambdaloop.monitoring.significance import chi_square_p_value

MAX_CELLS = 10
ROWS_PER_CELL = 10
_EMPTY = 0.01
"""Added to the share of every cell. Half a row, as the watch adds, would make an empty cell count the more the more rows there
are: then an index of a holdout could not be held against one of a few hundred live rows."""
MIN_ROWS = 10
"""Of each side, below which nothing is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDrift:
    """One set of answers beside another."""

    index: float
    """Population stability index, less what chance adds on average."""
    error: float
    """Its standard deviation, by the delta method."""
    p_value: float
    """How likely chance alone makes the answers differ so much."""


def answer_drift(candidate: Scores, champion: Scores, *, task: Task) -> AnswerDrift | None:
    """Of scores [rows, classes] in the same order of classes, or [rows, 1] numbers.

    Binary models by the score of the positive class, others by number or by label. None with too few rows or with scores
    that are not finite.
    """
    if not _measurable(candidate, champion):
        return None
    if task == "multiclass":
        classes = candidate.shape[1]
        ours, theirs = (
            np.bincount(scores.argmax(axis=1), minlength=classes).astype(np.float64)
            for scores in (candidate, champion)
        )
        return _drift(ours, theirs)
    one, other = candidate[:, -1], champion[:, -1]
    both = np.concatenate([one, other])
    cells = _cell_count(min(len(one), len(other)))
    edges = np.unique(np.quantile(both, np.linspace(0, 1, cells + 1)[1:-1], method="inverted_cdf"))
    return _drift(_counted(one, edges), _counted(other, edges))


def profile_drift(scores: Scores, profile: ColumnProfile, *, task: Task) -> AnswerDrift | None:
    """Of scores and the profile of what the same version answered on the holdout of its training; None with too few rows."""
    if len(scores) < MIN_ROWS or profile.rows < MIN_ROWS or not np.isfinite(scores).all():
        return None
    if isinstance(profile, NumericProfile):
        baseline = np.array(profile.counts, dtype=np.float64)
        found = np.searchsorted(np.array(profile.edges), scores[:, -1], side="left")
        current = np.bincount(found, minlength=len(baseline)).astype(np.float64)
        return _drift(*_merged(current, baseline, _cell_count(len(scores))))
    if task == "regression":
        return None
    current = np.bincount(scores.argmax(axis=1), minlength=len(profile.counts)).astype(np.float64)
    return _drift(current, np.array(profile.counts, dtype=np.float64))


def answer_disagreement(candidate: Scores, champion: Scores, *, task: Task) -> Disagreement | None:
    """Of the answers to the same rows; None with too few rows or with scores that are not finite."""
    if not _measurable(candidate, champion):
        return None
    return disagreement(zip(_outputs(champion, task), _outputs(candidate, task), strict=True))


def _outputs(scores: Scores, task: Task) -> Sequence[Output]:
    """Labels as places: only whether they are the same matters."""
    if task == "regression":
        return [Output(value=value) for value in scores[:, 0].tolist()]
    return [Output(value=place, probabilities={}) for place in scores.argmax(axis=1).tolist()]


def _measurable(*sides: Scores) -> bool:
    return all(len(scores) >= MIN_ROWS and bool(np.isfinite(scores).all()) for scores in sides)


def _cell_count(rows: int) -> int:
    return max(2, min(MAX_CELLS, rows // ROWS_PER_CELL))


def _counted(values: NDArray[np.float64], edges: NDArray[np.float64]) -> Cells:
    places = np.searchsorted(edges, values, side="left")
    return np.bincount(places, minlength=len(edges) + 1).astype(np.float64)


def _merged(current: Cells, baseline: Cells, cells: int) -> tuple[Cells, Cells]:
    """Neighbouring cells put together, so that each holds about the same share of the baseline."""
    shares = (np.cumsum(baseline) - baseline / 2) / baseline.sum()
    places = np.minimum((shares * cells).astype(np.int64), cells - 1)
    return (
        np.bincount(places, current, minlength=cells).astype(np.float64),
        np.bincount(places, baseline, minlength=cells).astype(np.float64),
    )


def _drift(current: Cells, baseline: Cells) -> AnswerDrift:
    used = (current > 0) | (baseline > 0)
    p, q = (_shares(cells[used]) for cells in (current, baseline))
    chance = (used.sum() - 1) * (1 / current.sum() + 1 / baseline.sum())
    return AnswerDrift(
        index=max(0.0, float((p - q) @ np.log(p / q) - chance)),
        error=_deviation(p, q, current.sum(), baseline.sum()),
        p_value=chi_square_p_value(current, baseline),
    )


def _shares(cells: Cells) -> Cells:
    shares: Cells = (cells / cells.sum() + _EMPTY) / (1 + _EMPTY * len(cells))
    return shares


def _deviation(p: Cells, q: Cells, rows: float, reference_rows: float) -> float:
    """Of the index: how much a row more in each cell would move it, as two multinomial samples vary."""
    ours, theirs = np.log(p / q) + 1 - q / p, np.log(q / p) + 1 - p / q
    variance = _variance(ours, p) / rows + _variance(theirs, q) / reference_rows
    return float(np.sqrt(variance))


def _variance(values: Cells, shares: Cells) -> float:
    return float(shares @ (values - shares @ values) ** 2)
