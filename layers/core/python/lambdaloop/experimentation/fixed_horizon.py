"""Tests for those who plan the number of units and look once, when all of them are there; each look before is one too many.

References
----------
J. L. Fleiss, B. Levin, M. C. Paik, Statistical Methods for Rates and Proportions, 2003, for both proportions; B. L. Welch, The
generalization of "Student's" problem when several different population variances are involved, Biometrika 34, 1947.

"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from lambdaloop.domain.experiment import ArmFigures
from lambdaloop.experimentation.covariate_adjustment import adjusted
from lambdaloop.experimentation.moments import Moments, moments


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedResult:
    """What one look at the end says."""

    difference: float
    """Of the means, arm - control."""
    low: float
    high: float
    """The confidence interval."""
    p_value: float
    """Two-sided, of no difference."""


def two_proportions(control: ArmFigures, arm: ArmFigures, *, alpha: float = 0.05) -> FixedResult:
    """Of units that are either 0 or 1: the z test with the pooled variance, and Wald's interval with both of their own.

    ValueError where an arm has no measured unit, or where all units of both are alike.
    """
    _need(1, control, arm)
    first, second = (figures.total / figures.measured for figures in (control, arm))
    together = (control.total + arm.total) / (control.measured + arm.measured)
    pooled = together * (1 - together) * (1 / control.measured + 1 / arm.measured)
    if pooled <= 0:
        raise ValueError(f"every unit of both arms is {together:g}: wait for one that is not")
    spread = first * (1 - first) / control.measured + second * (1 - second) / arm.measured
    difference = second - first
    half = -float(ndtri(alpha / 2)) * math.sqrt(spread)
    return FixedResult(
        difference=difference,
        low=difference - half,
        high=difference + half,
        p_value=2 * float(ndtr(-abs(difference) / math.sqrt(pooled))),
    )


def welch(control: ArmFigures, arm: ArmFigures, *, alpha: float = 0.05, by: float = 0.0) -> FixedResult:
    """Of numbers, whose variance may differ by arm: Welch's t test. `by` is the slope on the covariate, which is taken out first.

    ValueError where an arm has fewer than two measured units, or where no unit differs from the others of its arm.
    """
    _need(2, control, arm)
    (first, first_part), (second, second_part) = (_mean(figures, by) for figures in (control, arm))
    spread = first_part + second_part
    if spread <= 0:
        raise ValueError("no unit differs from the others of its arm: wait for one that does")
    freedom = spread**2 / (first_part**2 / (control.measured - 1) + second_part**2 / (arm.measured - 1))
    difference = second - first
    error = math.sqrt(spread)
    half = -float(stdtrit(freedom, alpha / 2)) * error
    return FixedResult(
        difference=difference,
        low=difference - half,
        high=difference + half,
        p_value=2 * float(stdtr(freedom, -abs(difference) / error)),
    )


def _need(units: int, *arms: ArmFigures) -> None:
    for figures in arms:
        if figures.measured < units:
            raise ValueError(f"an arm has {figures.measured} measured units: wait for {units}")


def _mean(figures: ArmFigures, by: float) -> tuple[float, float]:
    """An arm's mean, and the variance of that."""
    shown: Moments = moments(figures, within_0_and_1=False)
    mean, rest = adjusted(shown, np.asarray(by))
    return float(mean), float(rest) / figures.measured
