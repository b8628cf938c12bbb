"""Thousands of simulated experiments at once, as the running sums that an hourly look would find."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.special import ndtr

from lambdaloop.experimentation.moments import Moments, moments_of_sums
from lambdaloop.experimentation.thompson import standardised

Floats = NDArray[np.float64]
_CHUNK = 100
_FLOOR = 0.05
_DAY = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Of one arm in one period, [experiments, looks] each, up to and with each look."""

    share: Floats
    """Of the units, those that are this arm's."""
    units: Floats
    total: Floats
    squares: Floats
    covariate_total: Floats | float = 0.0
    covariate_squares: Floats | float = 0.0
    products: Floats | float = 0.0

    def moments(self, *, within_0_and_1: bool) -> Moments:
        """What the library makes of them."""
        return moments_of_sums(
            self.units,
            self.total,
            self.squares,
            self.covariate_total,
            self.covariate_squares,
            self.products,
            within_0_and_1=within_0_and_1,
        )

    def last(self) -> "Sums":
        """As they are at the last look, for all looks that follow."""
        return Sums(
            share=self.share, units=self.units[:, -1:], total=self.total[:, -1:], squares=self.squares[:, -1:]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Of a simulation."""

    experiments: int
    looks: int
    units: int
    """That come between two looks, over all arms."""


Stretch = Sequence[Sequence[Sums]]
"""Some looks: what each of their periods holds, by arm."""
Draw = Callable[[Generator, tuple[int, ...]], tuple[Floats, Floats]]
"""Outcomes in the control, and what was known of each unit before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A kind of experiment, whose truth is known."""

    shares: tuple[float, ...]
    differences: tuple[float, ...]
    """Of the mean outcomes, by arm beside the control."""
    within_0_and_1: bool
    draw: Callable[[Size, Generator], Iterator[Stretch]]


def hits(*rates: float, shares: tuple[float, ...] = ()) -> Stream:
    """Units that are 0 or 1, with one rate per arm."""
    shares = shares or (1.0,) * len(rates)
    return Stream(
        shares=shares,
        differences=tuple(rate - rates[0] for rate in rates[1:]),
        within_0_and_1=True,
        draw=partial(_draw_hits, rates, shares),
    )


def numbers(draw: Draw, *effects: float, shares: tuple[float, ...] = ()) -> Stream:
    """Units with a number each, to which every arm adds its effect."""
    shares = shares or (1.0,) * len(effects)
    return Stream(
        shares=shares,
        differences=tuple(effect - effects[0] for effect in effects[1:]),
        within_0_and_1=False,
        draw=partial(_draw_numbers, draw, effects, shares),
    )


def visits(entities: int) -> Stream:
    """Entities that come again and again, each with a rate of its own; its outcome is the mean of its visits so far."""
    return Stream(
        shares=(1, 1), differences=(0.0,), within_0_and_1=True, draw=partial(_draw_visits, entities)
    )


def thompson(low: float, high: float) -> Stream:
    """Units that are 0 or 1, with a rate that goes from low to high within a week; shares follow the outcomes every day."""
    return Stream(
        shares=(1, 1), differences=(0.0,), within_0_and_1=True, draw=partial(_draw_thompson, low, high)
    )


def amounts(chance: Generator, shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Lognormal numbers: a skewness of 6."""
    return np.exp(chance.standard_normal(shape)), np.zeros((1,) * len(shape))


def rare_amounts(chance: Generator, shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Lognormal numbers of one unit in fifty, and nothing of the others: a skewness of 23."""
    few = np.where(chance.random(shape) < 0.02, np.exp(chance.standard_normal(shape)), 0.0)
    return few, np.zeros((1,) * len(shape))


def related_amounts(chance: Generator, shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Numbers of which half the variance was known before."""
    before = chance.standard_normal(shape)
    return before + chance.standard_normal(shape), before


def _arrivals(shares: Sequence[float], size: Size, chance: Generator) -> NDArray[np.int64]:
    """Units by arm, [experiments, looks, arms]."""
    return chance.multinomial(size.units, np.array(shares) / sum(shares), (size.experiments, size.looks))


def _fractions(shares: Sequence[float]) -> list[Floats]:
    return [np.array([[share / sum(shares)]]) for share in shares]


def _running(values: NDArray[np.int64] | Floats) -> Floats:
    return np.cumsum(values, axis=1, dtype=np.float64)


def _draw_hits(
    rates: Sequence[float], shares: Sequence[float], size: Size, chance: Generator
) -> Iterator[Stretch]:
    arrived = _arrivals(shares, size, chance)
    arms = []
    for arm, (rate, share) in enumerate(zip(rates, _fractions(shares), strict=True)):
        found = _running(chance.binomial(arrived[..., arm], rate))
        arms.append(Sums(share=share, units=_running(arrived[..., arm]), total=found, squares=found))
    yield [arms]


def _draw_numbers(
    draw: Draw, effects: Sequence[float], shares: Sequence[float], size: Size, chance: Generator
) -> Iterator[Stretch]:
    parts: list[list[list[Floats]]] = [[] for _ in shares]
    for start in range(0, size.experiments, _CHUNK):
        some = Size(experiments=min(_CHUNK, size.experiments - start), looks=size.looks, units=size.units)
        arrived = _arrivals(shares, some, chance)
        outcome, before = draw(chance, (some.experiments, some.looks, some.units))
        ends = np.cumsum(arrived, axis=-1)
        place = np.arange(size.units)
        for arm, effect in enumerate(effects):
            here = place < ends[..., arm, None]
            if arm:
                here &= place >= ends[..., arm - 1, None]
            y, x = np.where(here, outcome + effect, 0.0), np.where(here, before, 0.0)
            squares = [np.einsum("elu,elu->el", a, b) for a, b in ((y, y), (x, x), (x, y))]
            parts[arm].append(
                [arrived[..., arm].astype(np.float64), y.sum(axis=-1), x.sum(axis=-1), *squares]
            )
    arms = []
    for part, share in zip(parts, _fractions(shares), strict=True):
        units, y, x, yy, xx, xy = (_running(np.concatenate(each)) for each in zip(*part, strict=True))
        arms.append(
            Sums(
                share=share,
                units=units,
                total=y,
                squares=yy,
                covariate_total=x,
                covariate_squares=xx,
                products=xy,
            )
        )
    yield [arms]


def _draw_visits(entities: int, size: Size, chance: Generator) -> Iterator[Stretch]:
    experiments = size.experiments
    rate = chance.beta(4.0, 1.0, experiments * entities)
    arm = chance.integers(0, 2, experiments * entities)
    seen, found = np.zeros(experiments * entities), np.zeros(experiments * entities)
    rows = np.arange(experiments)
    now = np.zeros((3, 2, experiments))
    history = np.zeros((size.looks, 3, 2, experiments))
    for look in range(size.looks):
        for entity in rows * entities + chance.integers(0, entities, (size.units, experiments)):
            visits_before, hits_before = seen[entity], found[entity]
            seen[entity] = visits_before + 1
            found[entity] = hits_before + (chance.random(experiments) < rate[entity])
            before, mean = hits_before / np.maximum(visits_before, 1), found[entity] / seen[entity]
            here = arm[entity]
            now[0, here, rows] += visits_before == 0
            now[1, here, rows] += mean - before
            now[2, here, rows] += mean**2 - before**2
        history[look] = now
    yield [
        [
            Sums(
                share=np.array([[0.5]]),
                units=history[:, 0, side].T,
                total=history[:, 1, side].T,
                squares=history[:, 2, side].T,
            )
            for side in (0, 1)
        ]
    ]


def _draw_thompson(low: float, high: float, size: Size, chance: Generator) -> Iterator[Stretch]:
    share = np.full((size.experiments, 1), 0.5)
    earlier: list[list[Sums]] = []
    for day in range(size.looks // _DAY):
        rate = low + (high - low) * (day % 7) / 6
        second = chance.binomial(size.units, np.broadcast_to(share, (size.experiments, _DAY)))
        arms = []
        for arrived, fraction in ((size.units - second, 1 - share), (second, share)):
            found = _running(chance.binomial(arrived, rate))
            arms.append(Sums(share=fraction, units=_running(arrived), total=found, squares=found))
        yield [*earlier, arms]
        earlier.append([arm.last() for arm in arms])
        share = np.clip(_chance_of_second(earlier), _FLOOR, 1 - _FLOOR)


def _chance_of_second(periods: Stretch) -> Floats:
    """How likely the second arm is the better one, as `thompson.allocate` takes it."""
    means, variances = standardised(
        [[arm.moments(within_0_and_1=True) for arm in period] for period in periods]
    )
    chances: Floats = ndtr((means[1] - means[0]) / np.sqrt(variances.sum(axis=0)))
    return chances
