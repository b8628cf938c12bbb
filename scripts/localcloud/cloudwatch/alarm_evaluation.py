"""When an alarm is in ALARM: M out of N, with CloudWatch's rules for missing data. Pure: data in, verdict out.

CloudWatch looks at more periods than it needs, the *evaluation range*. With enough real points in it, it takes the
newest N of them and missing data plays no part; an alarm may so linger a little after its metric has stopped. Only
when real points are too few does TreatMissingData fill the rest.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

EXTRA_PERIODS = 2  # what CloudWatch was seen to look at beyond the evaluation periods

OPERATORS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanThreshold": (lambda value, limit: value > limit, "greater than"),
    "GreaterThanOrEqualToThreshold": (lambda value, limit: value >= limit, "greater than or equal to"),
    "LessThanThreshold": (lambda value, limit: value < limit, "less than"),
    "LessThanOrEqualToThreshold": (lambda value, limit: value <= limit, "less than or equal to"),
}
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


@dataclass(frozen=True, slots=True)
class Threshold:
    """When a value breaches, and how many breaches make an alarm."""

    operator: str
    limit: float
    evaluation_periods: int
    datapoints_to_alarm: int
    treat_missing_data: str

    def breached(self, value: float) -> bool:
        """Whether one value breaches."""
        return OPERATORS[self.operator][0](value, self.limit)


@dataclass(frozen=True, slots=True)
class Point:
    """One period of the evaluation range; `value` is None where the metric had no data."""

    time: int
    value: float | None
    samples: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state that the data calls for, and why."""

    state: str
    reason: str
    considered: tuple[Point, ...]
    """The real points that decided, newest first."""


def judge(threshold: Threshold, points: Sequence[Point]) -> Verdict | None:
    """The state for an evaluation range (oldest first), or None: stay in the current state."""
    needed, to_alarm = threshold.evaluation_periods, threshold.datapoints_to_alarm
    real = [point for point in reversed(points) if point.value is not None]
    if not real:
        return _without_data(threshold)
    considered = tuple(real[:needed])
    breaching = sum(_breaches(threshold, point) for point in considered)
    filled = needed - len(considered)
    if breaching + (filled if threshold.treat_missing_data == "breaching" else 0) >= to_alarm:
        return _verdict(threshold, "ALARM", considered, filled)
    if (
        not filled
        or breaching < len(considered)
        or threshold.treat_missing_data in ("breaching", "notBreaching")
    ):
        return _verdict(threshold, "OK", considered, filled)
    # Too few points, and every one of them breaches. AWS raises no early alarm, unless the oldest breach is as
    # old as the datapoints to alarm: then nothing better has come since.
    age = len(points) - list(points).index(considered[-1])
    if threshold.treat_missing_data == "missing" and age >= to_alarm:
        return _verdict(threshold, "ALARM", considered, filled)
    return None


def _breaches(threshold: Threshold, point: Point) -> bool:
    return point.value is not None and threshold.breached(point.value)


def _without_data(threshold: Threshold) -> Verdict | None:
    needed = threshold.evaluation_periods
    if threshold.treat_missing_data == "ignore":
        return None
    if threshold.treat_missing_data == "missing":
        verb = "datapoint was" if needed == 1 else "datapoints were"
        return Verdict("INSUFFICIENT_DATA", f"Insufficient Data: {needed} {verb} unknown.", ())
    state = "ALARM" if threshold.treat_missing_data == "breaching" else "OK"
    periods = "period" if needed == 1 else "periods"
    reason = f"Threshold Crossed: no datapoints were received for {needed} {periods} and {_treated(threshold, needed)}."
    return Verdict(state, reason, ())


def _verdict(threshold: Threshold, state: str, considered: tuple[Point, ...], filled: int) -> Verdict:
    deciding = [
        point for point in considered if _breaches(threshold, point) == (state == "ALARM")
    ] or considered
    shown = ", ".join(f"{point.value} ({_moment(point.time)})" for point in deciding)
    comparison = OPERATORS[threshold.operator][1]
    was = "was" if len(deciding) == 1 else "were"
    relation = comparison if state == "ALARM" else f"not {comparison}"
    transition = "OK -> ALARM" if state == "ALARM" else "ALARM -> OK"
    least = threshold.datapoints_to_alarm
    if state == "OK":
        least = threshold.evaluation_periods - least + 1
    treated = ""
    if filled and threshold.treat_missing_data in ("breaching", "notBreaching"):
        treated = f" and {_treated(threshold, filled)}"
    reason = (
        f"Threshold Crossed: {len(deciding)} out of the last {len(considered)} datapoints [{shown}] {was} {relation} "
        f"the threshold ({threshold.limit}){treated} "
        f"(minimum {least} datapoint{'' if least == 1 else 's'} for {transition} transition)."
    )
    return Verdict(state, reason, considered)


def _treated(threshold: Threshold, missing: int) -> str:
    treatment = "Breaching" if threshold.treat_missing_data == "breaching" else "NonBreaching"
    noun = "missing datapoint was" if missing == 1 else "missing datapoints were"
    return f"{missing} {noun} treated as [{treatment}]"


def _moment(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%d/%m/%y %H:%M:%S")
