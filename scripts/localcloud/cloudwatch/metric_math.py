"""Metric math: the part of CloudWatch's expression language whose results we are sure about.

Everything else (SEARCH, SELECT, anomaly bands, ...) is an error, because a wrong number looks like a right one.
"""

import math
import operator
import re
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import NoReturn

TimeSeries = dict[int, float]
"""Values by start of period; a period without data has no entry."""

Value = float | TimeSeries | list[TimeSeries]

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<op>&&|\|\||==|!=|<=|>=|[-+*/^<>()\[\],]))"
)
_BINDING = [{"OR", "||"}, {"AND", "&&"}, {"==", "!=", "<", ">", "<=", ">="}, {"+", "-"}, {"*", "/"}]
_OPERATORS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
    "==": lambda a, b: float(a == b),
    "!=": lambda a, b: float(a != b),
    "<": lambda a, b: float(a < b),
    ">": lambda a, b: float(a > b),
    "<=": lambda a, b: float(a <= b),
    ">=": lambda a, b: float(a >= b),
    "AND": lambda a, b: float(bool(a) and bool(b)),
    "OR": lambda a, b: float(bool(a) or bool(b)),
}
_OPERATORS |= {"&&": _OPERATORS["AND"], "||": _OPERATORS["OR"]}
_REDUCE: dict[str, Callable[[list[float]], float]] = {
    "SUM": math.fsum,
    "AVG": lambda values: math.fsum(values) / len(values),
    "MIN": min,
    "MAX": max,
}
_EACH: dict[str, Callable[[float], float]] = {"ABS": abs, "CEIL": math.ceil, "FLOOR": math.floor}


class InvalidExpressionError(ValueError):
    """An expression that CloudWatch refuses, or that the local cloud does not compute."""


def identifiers(expression: str) -> list[str]:
    """Ids of other queries in the expression, in order of appearance (they start with a small letter)."""
    return [text for kind, text in _tokens(expression) if kind == "name" and text[0].islower()]


def evaluate(
    expression: str,
    resolve: Callable[[str], TimeSeries],
    everything: Callable[[], list[TimeSeries]],
    grid: list[int],
) -> TimeSeries:
    """The time series that an expression makes.

    `resolve` gives the series of an id, `everything` those of METRICS(), `grid` every period of the query.
    Raises InvalidExpressionError.
    """
    result = _Evaluation(expression, resolve, everything, grid).result()
    if not isinstance(result, dict):
        kind = "several time series" if isinstance(result, list) else "a single number"
        raise InvalidExpressionError(f"expression {expression!r} gives {kind}, it must give one time series")
    return result


def _tokens(expression: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    text = expression.rstrip()
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise InvalidExpressionError(f"cannot read expression {expression!r} from {text[position:]!r} on")
        found.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return found


class _Evaluation:
    """Recursive descent that computes while it reads."""

    def __init__(
        self,
        expression: str,
        resolve: Callable[[str], TimeSeries],
        everything: Callable[[], list[TimeSeries]],
        grid: list[int],
    ) -> None:
        self._expression = expression
        self._resolve = resolve
        self._everything = everything
        self._grid = grid
        self._tokens = _tokens(expression)
        self._next = 0

    def result(self) -> Value:
        value = self._binary(0)
        if self._next < len(self._tokens):
            self._refuse(f"unexpected {self._peek()!r}")
        return value

    def _binary(self, level: int) -> Value:
        if level == len(_BINDING):
            return self._unary()
        value = self._binary(level + 1)
        while self._peek() in _BINDING[level]:
            value = _combine(_OPERATORS[self._take()], value, self._binary(level + 1))
        return value

    def _unary(self) -> Value:
        if self._peek() == "-":
            self._take()
            return _map(operator.neg, self._unary())
        value = self._primary()
        if self._peek() == "^":
            self._take()
            return _combine(_OPERATORS["^"], value, self._unary())
        return value

    def _primary(self) -> Value:
        if self._next >= len(self._tokens):
            self._refuse("something is missing at the end")
        kind, text = self._tokens[self._next]
        self._next += 1
        if kind == "number":
            return float(text)
        if text == "(":
            value = self._binary(0)
            self._expect(")")
            return value
        if text == "[":
            return [self._series(value) for value in self._list("]")]
        if kind == "name" and self._peek() == "(":
            self._take()
            return self._call(text)
        if kind == "name" and text[0].islower():
            return self._resolve(text)
        return self._refuse(f"unexpected {text!r}")

    def _call(self, function: str) -> Value:
        if function == "METRICS":
            self._expect(")")
            return self._everything()
        if function == "FILL":
            return self._fill()
        arguments = self._list(")")
        if function == "IF":
            return self._if(arguments)
        if len(arguments) != 1 or function not in _REDUCE.keys() | _EACH.keys():
            known = sorted([*_REDUCE, *_EACH, "FILL", "IF", "METRICS"])
            self._refuse(
                f"{function} with {len(arguments)} arguments is not emulated locally, there are {known}"
            )
        if function in _EACH:
            return _map(_EACH[function], arguments[0])
        return self._reduce(function, arguments[0])

    def _reduce(self, function: str, value: Value) -> Value:
        if isinstance(value, list):
            times = sorted({time for series in value for time in series})
            return {time: _REDUCE[function]([s[time] for s in value if time in s]) for time in times}
        if isinstance(value, dict):
            if not value:
                return {}  # no number to spread over time: like AWS, no data
            return _REDUCE[function](list(value.values()))
        return value

    def _fill(self) -> Value:
        series = self._binary(0)
        self._expect(",")
        if self._peek() in ("REPEAT", "LINEAR"):
            fill: Callable[[TimeSeries, list[int]], TimeSeries] = (
                _repeat if self._take() == "REPEAT" else _linear
            )
        else:
            constant = self._binary(0)
            if not isinstance(constant, float):
                self._refuse("FILL needs a number, REPEAT or LINEAR")
            fill = _constantly(constant)
        self._expect(")")
        if isinstance(series, float):
            self._refuse("FILL needs a time series")
        if isinstance(series, list):
            return [fill(one, self._grid) for one in series]
        return fill(series, self._grid)

    def _if(self, arguments: list[Value]) -> Value:
        if len(arguments) not in (2, 3) or any(isinstance(argument, list) for argument in arguments):
            self._refuse("IF takes a condition, a value and perhaps another value, none of them an array")
        condition, *choices = arguments
        if isinstance(condition, float):
            if not condition and len(choices) == 1:
                return {}
            return choices[0] if condition else choices[1]
        result: TimeSeries = {}
        for time, truth in self._series(condition).items():
            chosen = choices[0] if truth else choices[1] if len(choices) == 2 else {}
            value = chosen.get(time) if isinstance(chosen, dict) else chosen
            if isinstance(value, float):
                result[time] = value
        return result

    def _series(self, value: Value) -> TimeSeries:
        if not isinstance(value, dict):
            self._refuse("expected a time series")
        return value

    def _list(self, end: str) -> list[Value]:
        values: list[Value] = []
        while True:
            values.append(self._binary(0))
            if self._peek() == end:
                self._take()
                return values
            self._expect(",")

    def _peek(self) -> str:
        return self._tokens[self._next][1] if self._next < len(self._tokens) else ""

    def _take(self) -> str:
        self._next += 1
        return self._tokens[self._next - 1][1]

    def _expect(self, text: str) -> None:
        if self._peek() != text:
            self._refuse(f"expected {text!r}, got {self._peek()!r}")
        self._take()

    def _refuse(self, problem: str) -> NoReturn:
        raise InvalidExpressionError(f"{problem} in expression {self._expression!r}")


def _map(function: Callable[[float], float], value: Value) -> Value:
    if isinstance(value, list):
        return [_apply(function, series) for series in value]
    return _apply(function, value) if isinstance(value, dict) else float(function(value))


def _apply(function: Callable[[float], float], series: TimeSeries) -> TimeSeries:
    return {time: float(function(value)) for time, value in series.items()}


def _combine(function: Callable[[float, float], float], left: Value, right: Value) -> Value:
    """AWS: two series meet only where both have data; a result that is no number is no data."""
    if isinstance(left, list):
        return [_one(_combine(function, series, right)) for series in left]
    if isinstance(right, list):
        return [_one(_combine(function, left, series)) for series in right]
    if isinstance(left, dict):
        if isinstance(right, dict):
            return dict(_finite(function, [(t, value, right[t]) for t, value in left.items() if t in right]))
        return dict(_finite(function, [(time, value, right) for time, value in left.items()]))
    if isinstance(right, dict):
        return dict(_finite(function, [(time, left, value) for time, value in right.items()]))
    return dict(_finite(function, [(0, left, right)])).get(0, math.nan)


def _one(value: Value) -> TimeSeries:
    if not isinstance(value, dict):
        raise InvalidExpressionError("an array cannot be combined with another array")
    return value


def _finite(
    function: Callable[[float, float], float], pairs: Iterable[tuple[int, float, float]]
) -> Iterable[tuple[int, float]]:
    for time, left, right in pairs:
        try:
            value = function(left, right)
        except (ZeroDivisionError, OverflowError):
            continue
        if isinstance(value, int | float) and math.isfinite(value):  # a root of a negative number is complex
            yield time, float(value)


def _constantly(constant: float) -> Callable[[TimeSeries, list[int]], TimeSeries]:
    return lambda series, grid: {time: series.get(time, constant) for time in grid}


def _repeat(series: TimeSeries, grid: list[int]) -> TimeSeries:
    filled: TimeSeries = {}
    last: float | None = None
    for time in grid:
        last = series.get(time, last)
        if last is not None:
            filled[time] = last
    return filled


def _linear(series: TimeSeries, grid: list[int]) -> TimeSeries:
    known = sorted(series)
    filled = dict(series)
    for left, right in pairwise(known):
        slope = (series[right] - series[left]) / (right - left)
        for time in grid:
            if left < time < right:
                filled[time] = series[left] + slope * (time - left)
    return dict(sorted(filled.items()))
