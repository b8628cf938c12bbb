"""Whether outcomes are known of as large a part of one arm's units as of another's: where they are not, it is others whose outcome is known.

An arm whose labels come later or get lost, or rewards that are posted only where something came of a prediction: the units of either
arm are alike, those with an outcome are not, and their means say nothing about the arms. It may pass, when late labels have come.

The numbers of a period are compared with each other only: where shares change, so does the age of each arm's units. The p-value
holds at every look, as that of the sample ratio does and by the same mixture; labels may come at any time after the prediction.
"""

import math
from collections.abc import Sequence

from lambdaloop.domain.experiment import ArmFigures
from lambdaloop.experimentation.sample_ratio import SHARPEST

_MIN_EXPECTED = 5.0
"""Units with an outcome, and units without: below, their number is not nearly normal."""


def outcome_ratio_p(control: Sequence[ArmFigures], arm: Sequence[ArmFigures]) -> float | None:
    """The p-value of two arms' figures, period by period; None while too few units have an outcome, or too few have none.

    >>> many, fewer = (ArmFigures(units=2_000, measured=n, total=0, squares=0) for n in (1_000, 800))
    >>> outcome_ratio_p([many], [many])
    1.0
    >>> round(outcome_ratio_p([many], [fewer]) * 1e7, 1)
    2.1

    """
    units, away, spread = 0, 0.0, 0.0
    expected = [0.0] * 4
    for first, second in zip(control, arm, strict=True):
        both = first.units + second.units
        if not first.units or not second.units:
            continue
        known = (first.measured + second.measured) / both
        units += both
        away += second.measured - known * second.units
        spread += known * (1 - known) * first.units * second.units / both
        parts = (part * n for part in (known, 1 - known) for n in (first.units, second.units))
        expected = [sum_ + part for sum_, part in zip(expected, parts, strict=True)]
    if min(expected) < _MIN_EXPECTED:
        return None
    evidence = away**2 / spread / 2 * units / (units + SHARPEST) - math.log1p(units / SHARPEST) / 2
    return min(1.0, math.exp(-evidence))
