"""One look at a running experiment: from the figures of its arms to a verdict and the sentence that explains it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lambdaloop.domain.experiment import ArmFigures, Contrast, Experiment, ExperimentRules, Look, Verdict
from lambdaloop.experimentation import reasons
from lambdaloop.experimentation.designs import (
    alpha_of_each,
    fixed_contrasts,
    has_all_units,
    sequential_contrasts,
)
from lambdaloop.experimentation.failure_rate import exceeds
from lambdaloop.experimentation.outcome_ratio import outcome_ratio_p
from lambdaloop.experimentation.periods import NOTHING, Period, expected_units, summed
from lambdaloop.experimentation.sample_ratio import ALARM, sample_ratio_p

_MIN_REQUESTS = 20
"""A first request that fails is no rate."""


def evaluate(
    experiment: Experiment, figures: Mapping[str, ArmFigures], *, at: datetime, earlier: Sequence[Period] = ()
) -> Look:
    """What the figures (by arm; an arm without any has shown nothing) say at that time.

    `earlier` holds the periods in which the arms had other shares than now: figures are then those since the last change, and
    the look tells the sums. A fixed design is judged once: looks after that repeat what the experiment's record holds of it.
    ValueError when figures name an arm that the experiment does not have.
    """
    now = Period(shares={arm.name: arm.share for arm in experiment.arms}, figures=figures)
    shown = _shown(experiment, [*earlier, now], at)
    verdict, reason, winner = _decide(shown)
    if shown.judgement is None and verdict in ("undecided", "equal") and overdue(experiment, at):
        reason = f"{reason}; the {experiment.rules.max_days} days are over"
    return Look(
        at=at,
        verdict=verdict,
        reason=reason,
        winner=winner,
        figures=shown.sums,
        sample_ratio_p=shown.sample_ratio_p,
        outcome_ratio_p=shown.outcome_ratio_p,
        contrasts=shown.contrasts
        if shown.may_declare or verdict == "harmful"
        else tuple(Contrast(arm=each.arm, difference=None) for each in shown.contrasts),
        judged_at=shown.judged_at,
    )


def overdue(experiment: Experiment, at: datetime) -> bool:
    """Whether an experiment that has no answer yet ends without one; never before its release went live."""
    started = experiment.started_at
    return started is not None and at >= started + timedelta(days=experiment.rules.max_days)


def better_is_more(rules: ExperimentRules) -> bool:
    """Whether a larger mean outcome is the better one."""
    return rules.outcome != "squared_error"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """All that a verdict is made from."""

    experiment: Experiment
    sums: Mapping[str, ArmFigures]
    expected: Mapping[str, float]
    """Units by arm."""
    sample_ratio_p: float | None
    outcome_ratio_p: float | None
    contrasts: tuple[Contrast, ...]
    may_declare: bool
    """Whether more may be said of the contrasts than that an arm does harm."""
    judged_at: datetime | None
    judgement: Look | None
    """What was said when a fixed design was judged at an earlier look."""


def _shown(experiment: Experiment, periods: Sequence[Period], at: datetime) -> _Shown:
    names = [arm.name for arm in experiment.arms]
    for period in periods:
        if strangers := sorted({*period.figures, *period.shares} - {*names}):
            raise ValueError(
                f"experiment {experiment.id} has no arm {strangers[0]!r}: use {', '.join(names)}"
            )
    parts = {name: [period.figures.get(name, NOTHING) for period in periods] for name in names}
    sums = {name: summed(each) for name, each in parts.items()}
    expected = expected_units(periods, names)
    outcomes = [p for name in names[1:] if (p := outcome_ratio_p(parts[names[0]], parts[name])) is not None]
    outcome_p = min(1.0, min(outcomes) * (len(names) - 1)) if outcomes else None
    judgement = next((each for each in experiment.looks if each.judged_at and each.judged_at <= at), None)
    contrasts, may_declare, judged_at = sequential_contrasts(experiment, periods, sums), True, None
    if judgement is not None:
        contrasts, judged_at = judgement.contrasts, judgement.judged_at
    elif experiment.rules.design == "fixed":
        may_declare = has_all_units(experiment, sums) and not is_beyond_chance(outcome_p)
        if may_declare:
            contrasts = fixed_contrasts(experiment, sums)
            judged_at = at if all(each.p_value is not None for each in contrasts) else None
    return _Shown(
        experiment=experiment,
        sums=sums,
        expected=expected,
        sample_ratio_p=sample_ratio_p([each.units for each in sums.values()], list(expected.values())),
        outcome_ratio_p=outcome_p,
        contrasts=contrasts,
        may_declare=may_declare,
        judged_at=judged_at,
        judgement=judgement,
    )


def _decide(shown: _Shown) -> tuple[Verdict, str, str | None]:
    """The verdict, why, and who wins: what spoils the numbers first, then an arm that wins, then harm, then the rest.

    A winner goes before another arm that does harm: it takes the traffic of that one, too.
    """
    experiment, sums, rules = shown.experiment, shown.sums, shown.experiment.rules
    control, *others = experiment.arms
    by_arm = {each.arm: each for each in shown.contrasts}
    if is_beyond_chance(shown.sample_ratio_p):
        return "invalid", reasons.mismatch(sums, shown.expected, shown.sample_ratio_p or 0.0), None
    failing = [arm.name for arm in others if _fails(experiment, sums[arm.name])]
    if shown.judgement is not None and not failing:
        return shown.judgement.verdict, shown.judgement.reason, shown.judgement.winner
    lost = is_beyond_chance(shown.outcome_ratio_p)
    ahead = [name for name, each in by_arm.items() if name not in failing and _is_better(experiment, each)]
    if ahead and shown.may_declare and not lost:
        winner = max(ahead, key=lambda name: abs(by_arm[name].difference or 0.0))
        return "better", reasons.better(by_arm[winner], rules), winner
    if failing:
        return "harmful", reasons.failing(failing[0], sums[failing[0]], sums[control.name], rules), None
    if lost:
        return "undecided", reasons.lost(sums, control.name), None
    spans = {name: _good(each, rules) for name, each in by_arm.items() if each.low is not None}
    harm = rules.smallest_effect if rules.max_harm is None else rules.max_harm
    for name, (_, high) in spans.items():
        if high < -harm:
            return "harmful", reasons.harmful(by_arm[name], harm, rules), None
    if not shown.may_declare:
        return "undecided", reasons.planned([arm.name for arm in experiment.arms], sums, rules), None
    effect = rules.smallest_effect
    if len(spans) == len(others) and all(-effect < low and high < effect for low, high in spans.values()):
        return "equal", reasons.equal(shown.contrasts, rules), None
    return "undecided", reasons.undecided(shown.contrasts, sums, control.name, rules), None


def is_beyond_chance(p: float | None) -> bool:
    """Whether units, or outcomes, are distributed as no experiment in order has them."""
    return p is not None and p < ALARM


def _fails(experiment: Experiment, shown: ArmFigures) -> bool:
    rules = experiment.rules
    return shown.requests >= _MIN_REQUESTS and bool(
        exceeds(shown.failures, shown.requests, allowed=rules.max_error_rate, alpha=alpha_of_each(experiment))
    )


def _is_better(experiment: Experiment, contrast: Contrast) -> bool:
    if contrast.low is None or contrast.difference is None:
        return False
    low, _ = _good(contrast, experiment.rules)
    if contrast.p_value is None:
        return low > 0
    # The test of two proportions knows their common variance, the interval that of each: the test is what was planned.
    sign = 1 if better_is_more(experiment.rules) else -1
    return contrast.p_value <= alpha_of_each(experiment) and sign * contrast.difference > 0


def _good(contrast: Contrast, rules: ExperimentRules) -> tuple[float, float]:
    """The interval in the direction in which more is better."""
    sign = 1 if better_is_more(rules) else -1
    ends = sorted(sign * end for end in (contrast.low, contrast.high) if end is not None)
    return ends[0], ends[-1]
