"""What values of hyperparameters a search may try, and which of them it tries.

Trials are points of a scrambled Halton sequence (A. Owen, "A randomized Halton algorithm in R", 2017): they fill the space more
evenly than chance and, unlike a grid, give every hyperparameter a new value in each trial. They follow from the definition
alone, so a run can be done again, and any function can tell what a trial was without being sent it.
"""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Value = str | int | float | bool | tuple[int | float, ...] | None

MAX_SEARCHED = 20
"""Hyperparameters in one search: the sequence needs a prime for each, and hundreds of trials to be even in so many."""
_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71)
_DIGITS = 40
_DRAWS_PER_TRIAL = 20
_STRICT = {"extra": "forbid", "use_attribute_docstrings": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """The values that one hyperparameter may have in a search."""

    __pydantic_config__ = _STRICT

    type: Literal["float", "int", "categorical"]
    """float and int lie between low and high, categorical is one of choices."""
    low: float | None = None
    """The least value, included."""
    high: float | None = None
    """The greatest value, included."""
    log: bool = False
    """Whether every factor is as likely as every other: for values over several powers of ten."""
    choices: tuple[Value, ...] = ()
    """The values of a categorical one."""

    def __post_init__(self) -> None:
        if self.type == "categorical":
            if len(self.choices) < 2:
                raise ValueError(f"a categorical search needs two choices or more, got {len(self.choices)}")
            if self.low is not None or self.high is not None or self.log:
                raise ValueError("low, high and log belong to type float or int, not to categorical")
            return
        if self.choices:
            raise ValueError(f"choices belong to type categorical, not to {self.type}")
        if self.low is None or self.high is None:
            raise ValueError(f"a search of type {self.type} needs low and high")
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            raise ValueError(f"low and high must be finite numbers, got {self.low} and {self.high}")
        if self.low >= self.high:
            raise ValueError(f"low {self.low:g} must be less than high {self.high:g}")
        if self.type == "int" and not (float(self.low).is_integer() and float(self.high).is_integer()):
            raise ValueError(
                f"low and high of an int must be whole numbers, got {self.low:g} and {self.high:g}"
            )
        if self.log and self.low <= 0:
            raise ValueError(f"low must be greater than 0 where log is true, got {self.low:g}")

    def at(self, place: float) -> Value:
        """The value at a place in [0, 1).

        >>> Range(type="float", low=0.01, high=1, log=True).at(0.5)
        0.1
        >>> [Range(type="int", low=1, high=3).at(place) for place in (0, 0.34, 0.99)]
        [1, 2, 3]
        """
        if self.type == "categorical":
            return self.choices[int(place * len(self.choices))]
        low, high = float(self.low or 0), float(self.high or 0)
        if self.type == "int":  # each whole number has the room of one
            low, high = low - 0.5, high + 0.5
        found = low * (high / low) ** place if self.log else low + (high - low) * place
        if self.type == "int":
            return int(min(max(round(found), low + 0.5), high - 0.5))
        return min(max(float(f"{found:.6g}"), float(self.low or 0)), float(self.high or 0))


def draw_trials(ranges: Sequence[Range], trials: int, *, seed: str) -> list[tuple[Value, ...]]:
    """So many different points, each with a value for every range; fewer where there are no more that differ."""
    found: dict[tuple[Value, ...], None] = {}
    points = halton_points(len(ranges), seed=seed)
    for _ in range(trials * _DRAWS_PER_TRIAL):
        point = next(points)
        found.setdefault(tuple(each.at(place) for each, place in zip(ranges, point, strict=True)))
        if len(found) == trials:
            break
    return list(found)


def halton_points(dimensions: int, *, seed: str) -> Iterator[tuple[float, ...]]:
    """Points in [0, 1): in each dimension the digits of their number in one prime's system, mirrored and permuted by chance."""
    columns = [_Digits(prime, f"{seed}/{prime}") for prime in _PRIMES[:dimensions]]
    number = 0
    while True:
        yield tuple(column.place(number) for column in columns)
        number += 1


class _Digits:
    """One dimension of the sequence."""

    def __init__(self, prime: int, seed: str) -> None:
        chance = random.Random(seed)  # noqa: S311  (hides nothing)
        digits = min(_DIGITS, int(52 / math.log2(prime)))  # what a float can tell apart
        self._prime = prime
        # random() gives the same numbers in every release of Python; shuffle() does not promise that.
        self._permuted = [
            sorted(range(prime), key=[chance.random() for _ in range(prime)].__getitem__)
            for _ in range(digits)
        ]

    def place(self, number: int) -> float:
        found, weight = 0.0, 1.0
        for permuted in self._permuted:
            number, digit = divmod(number, self._prime)
            weight /= self._prime
            found += permuted[digit] * weight
        return min(found, 1 - 2**-53)


def check_search(search: Mapping[str, Range], fixed: Mapping[str, Value]) -> None:
    """ValueError when a hyperparameter is both given and searched."""
    if both := sorted(search.keys() & fixed.keys()):
        raise ValueError(f"{', '.join(both)} is in parameters and in search: remove it from one of them")
