"""What the loop is worth: the live answers beside those of the first model, on the same rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lambdaloop.domain.definition import Label, ModelDefinition
from lambdaloop.domain.prediction import Output

_MOST_PERIODS = 26
_BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One replayed row."""

    day: int
    actual: Label | float
    live: Output
    static: Output
    """What the first model answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One metric of both sides, on all rows and by periods of days."""

    metric: str
    """accuracy, or rmse for a regression."""
    static: float
    live: float
    more: dict[str, tuple[float, float]]
    """Further metrics (static, live): the ROC AUC of a binary model."""
    period_days: int
    static_by_period: Sequence[float]
    live_by_period: Sequence[float]

    @property
    def gain(self) -> float:
        """How much better the loop is, positive when it is, in the metric's unit."""
        return self.static - self.live if self.metric == "rmse" else self.live - self.static


def compare(answers: Sequence[Answer], definition: ModelDefinition) -> Comparison:
    """Measure both sides."""
    metric, measure = ("rmse", _rmse) if definition.task == "regression" else ("accuracy", _accuracy)
    days = answers[-1].day + 1
    period = -(-days // min(_MOST_PERIODS, days))
    parts = [
        part
        for start in range(0, days, period)
        if (part := [answer for answer in answers if start <= answer.day < start + period])
    ]
    more = {}
    if definition.task == "binary" and len({answer.actual for answer in answers}) == 2:
        more["roc_auc"] = tuple(_roc_auc(answers, side, definition.classes[1]) for side in (_static, _live))
    return Comparison(
        metric=metric,
        static=measure(answers, _static),
        live=measure(answers, _live),
        more=more,  # type: ignore[arg-type]  # two of them
        period_days=period,
        static_by_period=[measure(part, _static) for part in parts],
        live_by_period=[measure(part, _live) for part in parts],
    )


def sparklines(*rows: Sequence[float]) -> list[str]:
    """Each row as a line of bars, all on one scale; a higher bar is a greater number."""
    low, high = min(map(min, rows)), max(map(max, rows))
    steps = len(_BARS) - 1
    return [
        "".join(_BARS[round((value - low) / (high - low) * steps) if high > low else 0] for value in row)
        for row in rows
    ]


_Side = Callable[[Answer], Output]


def _static(answer: Answer) -> Output:
    return answer.static


def _live(answer: Answer) -> Output:
    return answer.live


def _accuracy(answers: Sequence[Answer], side: _Side) -> float:
    return float(np.mean([str(answer.actual) == str(side(answer).value) for answer in answers]))


def _rmse(answers: Sequence[Answer], side: _Side) -> float:
    errors = [float(side(answer).value) - float(answer.actual) for answer in answers]
    return float(np.sqrt(np.mean(np.square(errors))))


def _roc_auc(answers: Sequence[Answer], side: _Side, positive: Label) -> float:
    from sklearn.metrics import roc_auc_score  # a second, which no other command shall wait for

    scores = [(side(answer).probabilities or {})[str(positive)] for answer in answers]
    return float(roc_auc_score(np.array([answer.actual == positive for answer in answers]), scores))
