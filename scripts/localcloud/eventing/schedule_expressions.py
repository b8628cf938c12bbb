"""rate(), cron() and at(): when a schedule is due. Pure; refuses what EventBridge refuses."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_RATE = re.compile(r"rate\((\d+) (minute|minutes|hour|hours|day|days)\)")
_UNIT_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}
_AT = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS = (("minutes", 0, 59), ("hours", 0, 23), ("day-of-month", 1, 31), ("month", 1, 12), ("day-of-week", 1, 7),
           ("year", 1970, 2199))  # fmt: skip


class InvalidScheduleError(ValueError):
    """A schedule expression that EventBridge refuses."""


class Schedule(Protocol):
    """When something is due."""

    def due(self, since: float, until: float) -> Iterator[float]:
        """Due times in (since, until], seconds since the epoch, in order."""
        ...  # pragma: no cover


def parse(expression: str, *, anchor: float, timezone: str = "UTC", at_once: bool = False) -> Schedule:
    """The schedule of an expression.

    `anchor` (seconds) is when it was created: rates count from there, and fire there too if `at_once`.
    Raises InvalidScheduleError.
    """
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InvalidScheduleError(f"unknown time zone {timezone!r}") from error
    if match := _RATE.fullmatch(expression):
        return _Rate(_rate_seconds(match), anchor, first=0 if at_once else 1)
    if match := _AT.fullmatch(expression):
        return _At(_at_seconds(match[1], zone))
    if expression.startswith("cron(") and expression.endswith(")"):
        return _Cron(expression, zone)
    raise InvalidScheduleError(f"expected rate(5 minutes), cron(0 12 * * ? *) or at(...), got {expression!r}")


def _rate_seconds(match: re.Match[str]) -> int:
    number, unit = int(match[1]), match[2]
    if number < 1 or (number == 1) == unit.endswith("s"):
        raise InvalidScheduleError(f"rate needs 1 minute or 2 minutes and so on, got {match[0]!r}")
    return number * _UNIT_SECONDS[unit.removesuffix("s")]


def _at_seconds(text: str, zone: ZoneInfo) -> float:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()
    except ValueError as error:
        raise InvalidScheduleError(f"at({text}) is no moment: {error}") from error


class _Rate:
    def __init__(self, seconds: int, anchor: float, first: int) -> None:
        self._seconds, self._anchor, self._first = seconds, anchor, first

    def due(self, since: float, until: float) -> Iterator[float]:
        number = max(self._first, int((since - self._anchor) // self._seconds) + 1)
        while (moment := self._anchor + number * self._seconds) <= until:
            if moment > since:
                yield moment
            number += 1


class _At:
    def __init__(self, moment: float) -> None:
        self._moment = moment

    def due(self, since: float, until: float) -> Iterator[float]:
        if since < self._moment <= until:
            yield self._moment


class _Cron:
    """Six fields; exactly one of day-of-month and day-of-week is `?`."""

    def __init__(self, expression: str, zone: ZoneInfo) -> None:
        fields = expression[5:-1].split()
        if len(fields) != len(_FIELDS):
            raise InvalidScheduleError(
                f"cron needs 6 fields (minutes to year), got {len(fields)} in {expression!r}"
            )
        if (fields[2] == "?") == (fields[4] == "?"):
            raise InvalidScheduleError(
                f"exactly one of day-of-month and day-of-week must be ?, got {expression!r}"
            )
        self._zone = zone
        self._month_day, self._week_day = fields[2], fields[4]
        numbers = [_numbers(field.upper(), *limits) for field, limits in zip(fields, _FIELDS, strict=True)]
        self._minutes, self._hours = sorted(numbers[0]), sorted(numbers[1])
        self._month_days, self._months, self._week_days, self._years = numbers[2:]

    def due(self, since: float, until: float) -> Iterator[float]:
        day = datetime.fromtimestamp(since, self._zone).date()
        last = datetime.fromtimestamp(until, self._zone).date()
        while day <= last:
            if self._has(day):
                for moment in self._times(day):
                    if since < moment <= until:
                        yield moment
            day += timedelta(days=1)

    def _times(self, day: date) -> Iterator[float]:
        for hour in self._hours:
            for minute in self._minutes:
                local = datetime.combine(
                    day, time(hour, minute), self._zone
                )  # fold=0: once when clocks go back
                moment = local.timestamp()
                if datetime.fromtimestamp(moment, UTC).astimezone(self._zone).replace(
                    tzinfo=None
                ) == local.replace(tzinfo=None):  # a time that clocks skip is skipped
                    yield moment

    def _has(self, day: date) -> bool:
        if day.month not in self._months or day.year not in self._years:
            return False
        if self._month_day != "?":
            return _is_month_day(self._month_day.upper(), self._month_days, day)
        return _is_week_day(self._week_day.upper(), self._week_days, day)


def _numbers(field: str, name: str, low: int, high: int) -> frozenset[int]:
    """Every number that a field names; special days (L, W, #) name none and are decided per day."""
    if field == "?" and name.startswith("day"):
        return frozenset()
    if name == "day-of-month" and re.fullmatch(r"L|LW|\d{1,2}W", field):
        return frozenset()
    if name == "day-of-week" and re.fullmatch(r"(?:[1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(?:L|#[1-5])|L", field):
        return frozenset()
    return frozenset(number for part in field.split(",") for number in _range(part, name, low, high))


def _range(part: str, name: str, low: int, high: int) -> range:
    body, slash, step = part.partition("/")
    begin, dash, end = body.partition("-")
    first = low if body == "*" else _number(begin, name, low, high)
    last = _number(end, name, low, high) if dash else high if slash or body == "*" else first
    if slash and not (step.isdigit() and int(step) > 0):
        raise InvalidScheduleError(f"the step of {name} must be a number above 0, got {part!r}")
    if first > last:
        raise InvalidScheduleError(f"the range of {name} runs backwards: {part!r}")
    return range(first, last + 1, int(step) if slash else 1)


def _number(text: str, name: str, low: int, high: int) -> int:
    names = {"month": _MONTHS, "day-of-week": _DAYS}.get(name, ())
    if text in names:
        return names.index(text) + 1
    if not text.isdigit() or not low <= int(text) <= high:
        raise InvalidScheduleError(f"{name} must be {low} to {high}, got {text!r}")
    return int(text)


def _is_month_day(field: str, numbers: frozenset[int], day: date) -> bool:
    last = _last_of_month(day)
    if field == "L":
        return day == last
    if field.endswith("W"):
        wanted = last if field == "LW" else day.replace(day=min(int(field[:-1]), last.day))
        return day == _nearest_weekday(wanted, last)
    return day.day in numbers


def _is_week_day(field: str, numbers: frozenset[int], day: date) -> bool:
    number = day.isoweekday() % 7 + 1  # SUN is 1
    if field == "L":
        return number == 7
    if field.endswith("L"):
        return number == _number(field[:-1], "day-of-week", 1, 7) and day.day + 7 > _last_of_month(day).day
    if "#" in field:
        wanted, _, occurrence = field.partition("#")
        return number == _number(wanted, "day-of-week", 1, 7) and (day.day - 1) // 7 + 1 == int(occurrence)
    return number in numbers


def _last_of_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _nearest_weekday(day: date, last: date) -> date:
    """The weekday closest to a day, in the same month."""
    if day.isoweekday() == 6:
        return day - timedelta(days=1) if day.day > 1 else day + timedelta(days=2)
    if day.isoweekday() == 7:
        return day + timedelta(days=1) if day < last else day - timedelta(days=2)
    return day
