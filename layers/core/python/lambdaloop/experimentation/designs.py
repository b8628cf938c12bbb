"""What either design says of the arms' differences: intervals for every look, or a test for one."""

import math
from collections.abc import Mapping, Sequence

from lambdaloop.domain.experiment import ArmFigures, Contrast, Experiment, ExperimentRules
from lambdaloop.experimentation.confidence_sequences import half_width
from lambdaloop.experimentation.contrasts import common_slope, difference
from lambdaloop.experimentation.fixed_horizon import FixedResult, two_proportions, welch
from lambdaloop.experimentation.moments import Moments, moments
from lambdaloop.experimentation.periods import NOTHING, Period
from lambdaloop.experimentation.sample_size import information


def arm_moments(rules: ExperimentRules, figures: ArmFigures) -> Moments:
    """Of an arm's outcomes; hits and misses are known to lie between 0 and 1."""
    return moments(figures, within_0_and_1=rules.outcome == "correct")


def alpha_of_each(experiment: Experiment) -> float:
    """How often one arm that does not differ may be said to: alpha is divided among the arms beside the control."""
    return experiment.rules.alpha / (len(experiment.arms) - 1)


def sequential_contrasts(
    experiment: Experiment, periods: Sequence[Period], sums: Mapping[str, ArmFigures]
) -> tuple[Contrast, ...]:
    """Differences with their confidence sequences; without numbers where an arm or the control has too few units."""
    rules = experiment.rules
    control, *others = experiment.arms
    alpha = alpha_of_each(experiment)
    planned = information(rules.smallest_effect, alpha=alpha)
    parts = {
        arm.name: [arm_moments(rules, period.figures.get(arm.name, NOTHING)) for period in periods]
        for arm in experiment.arms
    }
    by = common_slope(list(parts.values()))
    contrasts = []
    for arm in others:
        if min(sums[name].measured for name in (control.name, arm.name)) < rules.min_units:
            contrasts.append(Contrast(arm=arm.name, difference=None))
            continue
        found = difference(parts[control.name], parts[arm.name], by)
        value = float(found.value)
        half = float(half_width(found.variance, planned_information=planned, alpha=alpha))
        known = math.isfinite(half)  # not where no unit differs from another yet
        contrasts.append(
            Contrast(
                arm=arm.name,
                difference=value if math.isfinite(value) else None,
                low=value - half if known else None,
                high=value + half if known else None,
                variance_reduction=float(found.variance_reduction),
            )
        )
    return tuple(contrasts)


def fixed_contrasts(experiment: Experiment, sums: Mapping[str, ArmFigures]) -> tuple[Contrast, ...]:
    """Differences with their tests, over all units: shares never change in a fixed design.

    Without numbers where there is no test, because no unit differs from another.
    """
    control, *others = experiment.arms
    shown = {name: moments(figures, within_0_and_1=False) for name, figures in sums.items()}
    by = common_slope([[each] for each in shown.values()])
    contrasts = []
    for arm in others:
        try:
            found = _tested(experiment, sums[control.name], sums[arm.name], float(by))
        except ValueError:
            contrasts.append(Contrast(arm=arm.name, difference=None))
            continue
        reduced = difference([shown[control.name]], [shown[arm.name]], by).variance_reduction
        contrasts.append(
            Contrast(
                arm=arm.name,
                difference=found.difference,
                low=found.low,
                high=found.high,
                p_value=found.p_value,
                variance_reduction=float(reduced),
            )
        )
    return tuple(contrasts)


def has_all_units(experiment: Experiment, sums: Mapping[str, ArmFigures]) -> bool:
    """Whether a fixed design's planned number of units is there, in every arm."""
    wanted = experiment.rules.units_per_arm
    return wanted is not None and all(each.measured >= wanted for each in sums.values())


def _tested(experiment: Experiment, control: ArmFigures, arm: ArmFigures, by: float) -> FixedResult:
    alpha = alpha_of_each(experiment)
    # The mean of several hits and misses is neither; and the test of proportions knows no covariate.
    whole = all(figures.total == figures.squares for figures in (control, arm))
    if experiment.rules.outcome == "correct" and whole and not by:
        return two_proportions(control, arm, alpha=alpha)
    return welch(control, arm, alpha=alpha, by=by)
