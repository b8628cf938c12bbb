"""Figures by stretches of time with constant shares: what a look is made from when shares follow the outcomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from lambdaloop.domain.experiment import ArmFigures

NOTHING = ArmFigures(units=0, measured=0, total=0.0, squares=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A stretch of time in which no share changed."""

    shares: Mapping[str, int]
    """By arm, of 10,000 buckets."""
    figures: Mapping[str, ArmFigures]
    """By arm; of the units that were exposed in this period."""


def summed(parts: Sequence[ArmFigures]) -> ArmFigures:
    """One arm's figures of several periods together."""
    return ArmFigures(
        **{field.name: sum(getattr(part, field.name) for part in parts) for field in fields(ArmFigures)}
    )


def expected_units(periods: Sequence[Period], arms: Sequence[str]) -> dict[str, float]:
    """How many units each arm should have, given how many came in each period."""
    expected = dict.fromkeys(arms, 0.0)
    for period in periods:
        units = sum(figures.units for figures in period.figures.values())
        shares = sum(period.shares.values())
        for arm, share in period.shares.items():
            expected[arm] += units * share / shares
    return expected
