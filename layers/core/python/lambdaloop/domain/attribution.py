"""Shares of the difference between a row's output and that of other rows, feature by feature: Shapley values.

What is asked of a model is only its outputs for mixed rows, which have some features of the row that is explained and the
others of a background row. Replacing feature after feature on the way from one to the other splits the whole difference
without a rest, in whatever order; the Shapley value is the mean over all orders. It takes few of them where

- the outputs are additive: then every order gives the same, which two opposite ones show; or
- few features differ: then there are few mixed rows, and all of them are asked.

Otherwise orders are drawn, each with its opposite, and the spread of the shares tells how far off their mean may be.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from operator import or_
from random import Random

Mix = int
"""Which features are those of the explained row: a bit for each, by its place. Sets would be a hundred times as large."""
Outputs = Mapping[Mix, float]
"""The output for each mix."""


@dataclass(frozen=True, slots=True)
class Walk:
    """Features in the order in which they are replaced."""

    order: tuple[int, ...]

    def mixes(self) -> list[Mix]:
        """What is asked on the way, both ends included."""
        return [*accumulate((1 << feature for feature in self.order), or_, initial=0)]

    def shares(self, outputs: Outputs) -> dict[int, float]:
        """What each feature changed when it was replaced."""
        steps = pairwise(self.mixes())
        return {
            feature: outputs[after] - outputs[before]
            for feature, (before, after) in zip(self.order, steps, strict=True)
        }


def draw_pairs(features: Sequence[int], count: int, chance: Random) -> list[tuple[Walk, Walk]]:
    """So many orders, each with its opposite: what one credits to a feature too early, the other does too late."""
    pairs = []
    for _ in range(count):
        order = [*features]
        chance.shuffle(order)
        pairs.append((Walk(tuple(order)), Walk(tuple(reversed(order)))))
    return pairs


def is_additive(pairs: Sequence[tuple[Walk, Walk]], outputs: Outputs, *, tolerance: float) -> bool:
    """Whether opposite orders give every feature the same share."""
    for walk, opposite in pairs:
        shares = opposite.shares(outputs)
        if any(abs(share - shares[feature]) > tolerance for feature, share in walk.shares(outputs).items()):
            return False
    return True


def pair_means(pairs: Sequence[tuple[Walk, Walk]], outputs: Outputs) -> list[dict[int, float]]:
    """The mean share of each feature, pair by pair."""
    means = []
    for walk, opposite in pairs:
        shares = opposite.shares(outputs)
        means.append({feature: (one + shares[feature]) / 2 for feature, one in walk.shares(outputs).items()})
    return means


def all_mixes(features: Sequence[int]) -> list[Mix]:
    """Every choice of features: twice as many for each one more."""
    mixes: list[Mix] = [0]
    for feature in features:
        mixes += [mix | 1 << feature for mix in mixes]
    return mixes


def exact_shares(features: Sequence[int], outputs: Outputs) -> dict[int, float]:
    """Shapley values from the outputs of all mixes.

    >>> exact_shares([0, 1], {0b00: 0.0, 0b01: 1.0, 0b10: 2.0, 0b11: 7.0})
    {0: 3.0, 1: 4.0}
    """
    count = len(features)
    weights = [
        math.factorial(size) * math.factorial(count - size - 1) / math.factorial(count)
        for size in range(count)
    ]
    return {
        feature: math.fsum(
            weights[mix.bit_count()] * (outputs[mix | 1 << feature] - output)
            for mix, output in outputs.items()
            if not mix >> feature & 1
        )
        for feature in features
    }


def mean(values: Sequence[float]) -> float:
    """Rounded once."""
    return math.fsum(values) / len(values)


def standard_error(values: Sequence[float]) -> float:
    """Of the mean; 0 for a single value, from which none can be told."""
    if len(values) < 2:
        return 0.0
    middle = mean(values)
    return math.sqrt(math.fsum((value - middle) ** 2 for value in values) / (len(values) - 1) / len(values))
