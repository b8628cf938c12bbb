"""One look at a running experiment: from the figures of its arms to a verdict and the sentence that explains it."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from lambdaloop.domain.experiment import ArmFigures, Contrast, Experiment, ExperimentRules, Look, Verdict
from lambdaloop.experimentation import reasons
from lambdaloop.experimentation.confidence_sequences import half_width
from lambdaloop.experimentation.contrasts import common_slope, difference
from lambdaloop.experimentation.failure_rate import exceeds
from lambdaloop.experimentation.moments import Moments, moments
from lambdaloop.experimentation.periods import NOTHING, Period, expected_units, summed
from lambdaloop.experimentation.sample_ratio import ALARM, sample_ratio_p
from lambdaloop.experimentation.sample_size import information

_MIN_REQUESTS = 20
"""A first request that fails is no rate."""


def evaluate(
    experiment: Experiment, figures: Mapping[str, ArmFigures], *, at: datetime, earlier: Sequence[Period] = ()
) -> Look:
    """What the figures (by arm; an arm without any has shown nothing) say at that time.

    `earlier` holds the periods in which the arms had other shares than now: figures are then those since the last change, and
    the look tells the sums. ValueError when figures name an arm that the experiment does not have.
    """
    now = Period(shares={arm.name: arm.share for arm in experiment.arms}, figures=figures)
    periods = [*earlier, now]
    names = [arm.name for arm in experiment.arms]
    for period in periods:
        if strangers := sorted({*period.figures, *period.shares} - {*names}):
            raise ValueError(
                f"experiment {experiment.id} has no arm {strangers[0]!r}: use {', '.join(names)}"
            )
    sums = {name: summed([period.figures.get(name, NOTHING) for period in periods]) for name in names}
    expected = expected_units(periods, names)
    p = sample_ratio_p([each.units for each in sums.values()], list(expected.values()))
    contrasts = _contrasts(experiment, periods, sums)
    verdict, reason, winner = _decide(experiment, sums, expected, p, contrasts)
    if verdict in ("undecided", "equal") and overdue(experiment, at):
        reason = f"{reason}; the {experiment.rules.max_days} days are over"
    return Look(
        at=at,
        verdict=verdict,
        reason=reason,
        winner=winner,
        figures=sums,
        sample_ratio_p=p,
        contrasts=contrasts,
    )


def overdue(experiment: Experiment, at: datetime) -> bool:
    """Whether an experiment that has no answer yet ends without one; never before its release went live."""
    started = experiment.started_at
    return started is not None and at >= started + timedelta(days=experiment.rules.max_days)


def better_is_more(rules: ExperimentRules) -> bool:
    """Whether a larger mean outcome is the better one."""
    return rules.outcome != "squared_error"


def arm_moments(rules: ExperimentRules, figures: ArmFigures) -> Moments:
    """Of an arm's outcomes; hits and misses are known to lie between 0 and 1."""
    return moments(figures, within_0_and_1=rules.outcome == "correct")


def _contrasts(
    experiment: Experiment, periods: Sequence[Period], sums: Mapping[str, ArmFigures]
) -> tuple[Contrast, ...]:
    rules = experiment.rules
    control, *others = experiment.arms
    alpha = rules.alpha / len(others)
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


def _decide(
    experiment: Experiment,
    sums: Mapping[str, ArmFigures],
    expected: Mapping[str, float],
    p: float | None,
    contrasts: Sequence[Contrast],
) -> tuple[Verdict, str, str | None]:
    """The verdict, why, and who wins: what spoils the numbers first, then harm, then the answer."""
    rules = experiment.rules
    control, *others = experiment.arms
    if p is not None and p < ALARM:
        return "invalid", reasons.mismatch(sums, expected, p), None
    for arm in others:
        shown = sums[arm.name]
        if shown.requests >= _MIN_REQUESTS and exceeds(
            shown.failures, shown.requests, allowed=rules.max_error_rate, alpha=rules.alpha / len(others)
        ):
            return "harmful", reasons.failing(arm.name, shown, sums[control.name], rules), None
    sign = 1 if better_is_more(rules) else -1
    spans = {each.arm: _good(each, sign) for each in contrasts if each.low is not None}
    by_arm = {each.arm: each for each in contrasts}
    harm = rules.smallest_effect if rules.max_harm is None else rules.max_harm
    for name, (_, high) in spans.items():
        if high < -harm:
            return "harmful", reasons.harmful(by_arm[name], harm, rules), None
    ahead = [name for name, (low, _) in spans.items() if low > 0]
    if ahead:
        winner = max(ahead, key=lambda name: sign * (by_arm[name].difference or 0.0))
        return "better", reasons.better(by_arm[winner], rules), winner
    effect = rules.smallest_effect
    if len(spans) == len(others) and all(-effect < low and high < effect for low, high in spans.values()):
        return "equal", reasons.equal(contrasts, rules), None
    return "undecided", reasons.undecided(contrasts, sums, control.name, rules), None


def _good(contrast: Contrast, sign: int) -> tuple[float, float]:
    """The interval in the direction in which more is better."""
    ends = sorted(sign * end for end in (contrast.low, contrast.high) if end is not None)
    return ends[0], ends[-1]
