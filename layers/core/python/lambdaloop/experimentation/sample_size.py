"""How many units an experiment needs, what it finds with those it has, and the smallest effect that it can find.

All of it in one currency, information: one over the variance of the estimated difference. A design says how much of it an
effect needs, an outcome says how much of it a unit brings.

A sequential design is planned as if its last look were the only one that counts: the looks before it are to the good, so that
it finds the planned effect more often than it says (about 86 instead of 80 times in 100), and mostly much earlier.

References
----------
J. L. Fleiss, B. Levin, M. C. Paik, Statistical Methods for Rates and Proportions, 2003, chapter 4, for the fixed design.

"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from scipy.special import ndtr, ndtri

from lambdaloop.domain.experiment import Design
from lambdaloop.experimentation.confidence_sequences import critical_value, half_width
from lambdaloop.experimentation.contrasts import variance_of_difference
from lambdaloop.experimentation.moments import moments_of_sums

POWER = 0.8
"""How often the planned effect is found by the planned end; sequences are narrowest there."""
_MOST_UNITS = 10**12


@dataclass(frozen=True, slots=True)
class Proportion:
    """A share of units, which is `baseline` in the control."""

    baseline: float

    def __post_init__(self) -> None:
        if not 0 < self.baseline < 1:
            raise ValueError(f"a proportion must lie between 0 and 1, got {self.baseline:g}")

    def variance(self, effect: float) -> float:
        """Of a unit in an arm that differs from the control by `effect`."""
        share = self.baseline + effect
        if not 0 < share < 1:
            raise ValueError(
                f"a proportion of {self.baseline:g} cannot change by {effect:g}: use an effect that leaves it between 0 and 1"
            )
        return share * (1 - share)

    def cautious_variance(self, effect: float, units: float) -> float:
        """As a confidence sequence takes it."""
        found = (self.baseline + effect) * units
        return float(moments_of_sums(units, found, found, within_0_and_1=True).variance)


@dataclass(frozen=True, slots=True)
class Mean:
    """A number per unit, of this standard deviation in every arm."""

    deviation: float

    def __post_init__(self) -> None:
        if not 0 < self.deviation < math.inf:
            raise ValueError(f"a standard deviation must be above 0, got {self.deviation:g}")

    def variance(self, effect: float) -> float:
        """Of a unit; the effect does not change it."""
        del effect
        return self.deviation**2

    def cautious_variance(self, effect: float, units: float) -> float:
        """As a confidence sequence takes it."""
        del units
        return self.variance(effect)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How an experiment is done."""

    design: Design = "sequential"
    alpha: float = 0.05
    power: float = POWER
    contrasts: int = 1
    """Arms beside the control; alpha is divided among them."""
    ratio: float = 1.0
    """Units in an arm for one in the control."""
    explained: float = 0.0
    """Share of the variance that a covariate takes away."""

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("alpha", self.alpha, 0, 1),
            ("power", self.power, 0, 1),
            ("ratio", self.ratio, 0, math.inf),
        ):
            if not low < value < high:
                raise ValueError(f"{name} must lie between {low} and {high}, got {value:g}")
        if not self.alpha < self.power:
            raise ValueError(f"power must be above alpha {self.alpha:g}, got {self.power:g}")
        if not 0 <= self.explained < 1:
            raise ValueError(f"explained must be at least 0 and below 1, got {self.explained:g}")
        if self.contrasts < 1:
            raise ValueError(f"an experiment needs an arm beside the control, got {self.contrasts}")


def sample_size(outcome: Proportion | Mean, effect: float, plan: Plan) -> int:
    """Units that the control needs (each other arm: times `plan.ratio`) to find the effect with the plan's power.

    >>> sample_size(Proportion(0.1), 0.02, Plan(design="fixed"))
    3841
    >>> sample_size(Proportion(0.1), 0.02, Plan(design="sequential"))
    7607

    """
    return _smallest(lambda units: power(outcome, effect, units, plan) >= plan.power)


def power(outcome: Proportion | Mean, effect: float, units: int, plan: Plan) -> float:
    """How often the effect is found by the time the control has that many units; for a sequential design, at least.

    Its confidence sequence is narrowest where the power is 80 %, as `evaluation.evaluate` has it for the smallest effect.
    """
    alpha, rest = plan.alpha / plan.contrasts, 1 - plan.explained
    if not effect:
        return alpha
    counts = (units, units * plan.ratio)
    if min(counts) < 2:
        return 0.0
    error = math.sqrt(sum(rest * outcome.variance(e) / n for e, n in zip((0.0, effect), counts, strict=True)))
    if plan.design == "sequential":
        control, arm = (
            rest * outcome.cautious_variance(e, n) for e, n in zip((0.0, effect), counts, strict=True)
        )
        shown = float(variance_of_difference(counts[0], control, counts[1], arm))
        half = float(half_width(shown, planned_information=information(effect, alpha=alpha), alpha=alpha))
        return float(ndtr((abs(effect) - half) / error))
    pooled = outcome.variance(effect * plan.ratio / (1 + plan.ratio))  # the z test takes both arms for one
    threshold = -float(ndtri(alpha / 2)) * math.sqrt(rest * pooled * (1 / counts[0] + 1 / counts[1]))
    return float(ndtr((abs(effect) - threshold) / error) + ndtr((-abs(effect) - threshold) / error))


def minimum_detectable_effect(outcome: Proportion | Mean, units: int, plan: Plan) -> float:
    """The smallest increase that is found with the plan's power when the control has that many units; inf where none is."""
    largest = 1 - outcome.baseline if isinstance(outcome, Proportion) else 1e6 * outcome.deviation
    low, high = 0.0, largest * (1 - 1e-12)
    if power(outcome, high, units, plan) < plan.power:
        return math.inf
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if power(outcome, middle, units, plan) >= plan.power else (middle, high)
    return high


def information(effect: float, *, alpha: float) -> float:
    """What a sequential design needs to find the effect with 80 % power: one over the variance of the estimated difference."""
    return float((critical_value(1.0, alpha=alpha) + ndtri(POWER)) / effect) ** 2


def _smallest(enough: Callable[[int], bool]) -> int:
    low, high = 1, 2
    while not enough(high):
        low, high = high, 2 * high
        if high > _MOST_UNITS:
            raise ValueError("no number of units is enough: use a larger effect")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
