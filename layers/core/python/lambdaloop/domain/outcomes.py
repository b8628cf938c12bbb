"""Outcomes: what predictions were worth, small, and such that the outcomes of parts add up to those of the whole.

Counts are floats, because the same record holds what is *expected* before labels arrive: a prediction that is right with
probability 0.8 counts as 0.8 right. Every metric of the definition and its confidence interval follow from these sums.
Counts are kept to a millionth: fixed points add up to the same bits in whatever order, and are short in JSON.
"""

from collections.abc import Mapping
from dataclasses import dataclass

DECIMALS = 6
"""Of every count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A metric with its 95 % confidence interval; None where it has no value."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """The sum of a quantity over rows, and of its squares."""

    total: float = 0.0
    squares: float = 0.0

    def merge(self, other: "Sums") -> "Sums":
        """Over both sets of rows."""
        return Sums(total=self.total + other.total, squares=self.squares + other.squares)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """How often each score went with the class and with another one: what ROC AUC and average precision need.

    The bins are equally wide in the logit of the score, so that scores may crowd at 0 or at 1; only those that hold a
    row are listed.
    """

    bins: tuple[int, ...] = ()
    """Ascending."""
    positives: tuple[float, ...] = ()
    negatives: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Sums within equally wide bins of the score of the (positive, or predicted) class."""

    rows: tuple[float, ...]
    scores: tuple[float, ...]
    hits: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassOutcomes:
    """Of a binary or multiclass model; vectors are by class."""

    classes: tuple[str, ...]
    rows: float
    actual: tuple[float, ...]
    predicted: tuple[float, ...]
    correct: tuple[float, ...]
    log_loss: Sums
    brier: Sums
    """Binary only; zero for multiclass."""
    rankings: Mapping[str, Ranking]
    """By str(label): of the positive class for binary, of every class for up to 20 classes; else none."""
    calibration: Calibration


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How the actual numbers lie around their mean, and how squared errors go with that: what R² needs.

    Sums over rows of powers of d = actual - mean, which stay exact where the numbers are large and differ little.
    """

    mean: float = 0.0
    second: float = 0.0
    third: float = 0.0
    fourth: float = 0.0
    error_first: float = 0.0
    """Sum of error² · d."""
    error_second: float = 0.0
    """Sum of error² · d²."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberOutcomes:
    """Of a regression model: sums over rows of error = actual - predicted."""

    rows: float
    absolute: Sums
    squared: Sums
    actual: Spread


Outcomes = ClassOutcomes | NumberOutcomes
