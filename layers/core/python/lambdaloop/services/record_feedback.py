"""Takes labels: judges all of them, and writes all or none of them down."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from lambdaloop.domain.capture import label_line
from lambdaloop.domain.encoding import RowProblem
from lambdaloop.domain.feedback import (
    LabelRules,
    LabelsInvalidError,
    ReceivedLabel,
    check_prediction_id,
    read_observed_at,
    read_reward,
)

if TYPE_CHECKING:
    from lambdaloop.ports import PredictionLog

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class SentLabel:
    """A label as it was sent."""

    prediction_id: str
    actual: Any = None
    reward: Any = None
    """Of these two at least one is given."""
    observed_at: str | None = None
    """Left out, it is the time at which the label was received."""


def record_feedback(
    labels: Sequence[SentLabel],
    *,
    model: str,
    rules: LabelRules,
    received_at: datetime,
    log: "PredictionLog",
) -> int:
    """Write one line per label into the prediction log; returns how many.

    LabelsInvalidError with every problem; then nothing is written. Sending labels again does no harm: whoever reads them
    counts a repetition once, and of two labels for one prediction the one that was observed later.
    """
    problems: list[RowProblem] = []
    received = [
        _received(label, row, rules=rules, now=received_at, problems=problems)
        for row, label in enumerate(labels)
    ]
    if problems:
        raise LabelsInvalidError(problems)
    for one in received:
        if one:
            log.write(label_line(one, model=model, received_at=received_at))
    return len(received)


def _received(
    label: SentLabel, row: int, *, rules: LabelRules, now: datetime, problems: list[RowProblem]
) -> ReceivedLabel | None:
    """None when the label has problems, which are added."""

    def judged(field: str, judge: Callable[[], T]) -> T | None:
        try:
            return judge()
        except ValueError as error:
            problems.append(RowProblem(row=row, field=field, problem=str(error)))
            return None

    before = len(problems)
    judged("prediction_id", lambda: check_prediction_id(label.prediction_id, now=now))
    if label.actual is None and label.reward is None:
        problems.append(
            RowProblem(row=row, field="actual", problem="is missing: give actual, reward or both")
        )
    actual = None if label.actual is None else judged("actual", lambda: rules.actual(label.actual))
    reward = None if label.reward is None else judged("reward", lambda: read_reward(label.reward))
    given = label.observed_at
    observed_at = now if given is None else judged("observed_at", lambda: read_observed_at(given, now=now))
    if observed_at is None or len(problems) > before:
        return None
    return ReceivedLabel(
        prediction_id=label.prediction_id, actual=actual, reward=reward, observed_at=observed_at
    )
