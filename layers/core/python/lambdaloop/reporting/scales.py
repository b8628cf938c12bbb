"""Where values lie on a chart, which of them an axis names, and how numbers and times are written."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_HOUR = 3600.0
_TIME_STEPS = tuple(
    _HOUR * hours
    for hours in (1 / 60, 1 / 12, 1 / 4, 1 / 2, 1, 2, 3, 6, 12, 24, 48, 96, 168, 336, 720, 2160, 8760)
)


@dataclass(frozen=True, slots=True)
class Scale:
    """A line from values to coordinates."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The coordinate; values beyond the ends are put at the ends."""
        if self.high == self.low:
            return (self.start + self.end) / 2
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def extent(values: Sequence[float], *, room: float = 0.06) -> tuple[float, float]:
    """The least and the greatest with some room beyond; a range around a single value.

    >>> extent([2.0, 2.0])
    (1.9, 2.1)
    """
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    if low == high:
        return low - (abs(low) * 0.05 or 0.5), high + (abs(high) * 0.05 or 0.5)
    return low - (high - low) * room, high + (high - low) * room


def ticks(low: float, high: float, *, most: int = 5) -> list[float]:
    """Round values between both, at most that many and one more.

    >>> ticks(0.0, 1.0)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    if not high > low:
        return [low]
    rough = (high - low) / most
    if rough < abs(high) * 1e-12 or not math.isfinite(
        rough
    ):  # nothing between them that a float could tell apart
        return [low]
    power = 10.0 ** math.floor(math.log10(rough))
    step = next((each * power for each in _STEPS if each * power >= rough * (1 - 1e-9)), 10 * power)
    first = math.ceil(low / step - 1e-9)
    return [_rounded(place * step, step) for place in range(first, math.floor(high / step + 1e-9) + 1)]


def time_ticks(low: float, high: float, *, most: int = 5) -> list[float]:
    """Seconds since the epoch at round times in UTC."""
    rough = max(high - low, 1.0) / most
    step = next((each for each in _TIME_STEPS if each >= rough), _TIME_STEPS[-1])
    first = math.ceil(low / step)
    return [place * step for place in range(first, math.floor(high / step) + 1)]


def time_label(seconds: float, *, span: float) -> str:
    """A time on an axis that is `span` seconds long.

    >>> time_label(0.0, span=3600.0), time_label(0.0, span=864000.0)
    ('00:00', '1 Jan')
    """
    at = datetime.fromtimestamp(seconds, UTC)
    if span < 36 * _HOUR:
        return f"{at:%H:%M}"
    if span < 4 * 24 * _HOUR:
        return f"{at.day} {at:%b %H:%M}"
    return f"{at.day} {at:%b}" if span < 400 * 24 * _HOUR else f"{at:%b %Y}"


def short(value: float | None, *, digits: int = 3) -> str:
    """A number as a person reads it; a dash for none.

    >>> short(0.84312), short(12345.6), short(0.0000123), short(7.0)
    ('0.843', '12,346', '1.23e-05', '7')
    """
    if value is None or not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e9 or size < 10.0**-digits:
        return f"{value:.{digits}g}"
    if size >= 1000:
        return f"{value:,.0f}"
    places = digits if size < 1 else max(0, digits - len(str(int(size))) + (1 if digits > 1 else 0))
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if value == int(value) else text


def percent(share: float | None, *, places: int = 1) -> str:
    """A share of 1.

    >>> percent(0.125)
    '12.5 %'
    """
    return "–" if share is None or not math.isfinite(share) else f"{100 * share:.{places}f} %"


def tick_label(value: float) -> str:
    """A value on an axis.

    >>> tick_label(0.30000000000000004), tick_label(2000000.0), tick_label(-2.0)
    ('0.3', '2M', '-2')
    """
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            divided = value / (1e3 if letter == "k" else size)
            return f"{divided:.3g}{letter}" if abs(divided) < 1000 else f"{value:.3g}"
    return f"{value:.4g}"


def moment(at: datetime | None) -> str:
    """A time in a sentence or table."""
    return "–" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _rounded(value: float, step: float) -> float:
    places = max(0, 2 - math.floor(math.log10(step)))
    return round(value, places) + 0.0 if places < 300 else value
