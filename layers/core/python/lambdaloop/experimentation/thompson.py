"""Shares that follow the outcomes: an arm gets as many buckets as it is likely to be the best one.

Outcomes drift, and shares differ from period to period: an arm that was large in a good week would have the better mean of all its
units, get larger by that, and keep the advantage. So an arm's mean is that of the periods' means, weighted alike for all arms.

References
----------
W. R. Thompson, On the likelihood that one unknown probability exceeds another in view of the evidence of two samples,
Biometrika 25, 1933; S. L. Scott, A modern Bayesian look at the multi-armed bandit, Applied Stochastic Models in Business and
Industry 26, 2010.

"""

from collections.abc import Sequence

import numpy as np

from lambdaloop.domain.experiment import Experiment
from lambdaloop.experimentation.designs import arm_moments
from lambdaloop.experimentation.evaluation import better_is_more
from lambdaloop.experimentation.moments import Floats, Moments
from lambdaloop.experimentation.periods import NOTHING, Period

BUCKETS = 10_000
_DRAWS = 100_000


def allocate(
    experiment: Experiment, periods: Sequence[Period], *, seed: int, floor: int = 500
) -> dict[str, int]:
    """Buckets by arm, 10,000 together, none with fewer than `floor`: so that each goes on being learned about.

    As they are while an arm has fewer than `min_units` measured units, or while none of its units differs from another. Only
    periods count in which every arm has two measured units. The posterior of a mean is taken as normal. The same figures and
    seed give the same buckets. ValueError when the floor is too high.
    """
    arms, rules = experiment.arms, experiment.rules
    if not 0 <= floor * len(arms) <= BUCKETS:
        raise ValueError(
            f"{len(arms)} arms cannot have {floor} of {BUCKETS} buckets each: use at most {BUCKETS // len(arms)}"
        )
    present = {arm.name: arm.share for arm in arms}
    shown = [
        [arm_moments(rules, period.figures.get(arm.name, NOTHING)) for arm in arms] for period in periods
    ]
    usable = [period for period in shown if min(each.count for each in period) > 1]
    if (
        not usable
        or min(sum(each.count for each in arm) for arm in zip(*usable, strict=True)) < rules.min_units
    ):
        return present
    means, variances = standardised(usable)
    if not (variances > 0).all():
        return present
    drawn = np.random.default_rng(seed).normal(means, np.sqrt(variances), (_DRAWS, len(arms)))
    best = (drawn if better_is_more(rules) else -drawn).argmax(axis=1)
    chances = np.bincount(best, minlength=len(arms)) / _DRAWS
    return dict(zip(present, _rounded(chances, floor), strict=True))


def standardised(periods: Sequence[Sequence[Moments]]) -> tuple[Floats, Floats]:
    """[arms, ...] each arm's mean outcome, had it had the same part of its units in every period as the others, and its variance.

    `periods` holds moments by period and arm, two units or more in each.
    """
    weights = np.stack([np.sum([arm.count for arm in period], axis=0) for period in periods])
    weights = weights / weights.sum(axis=0)
    arms = list(zip(*periods, strict=True))
    means = [sum(w * each.mean for w, each in zip(weights, arm, strict=True)) for arm in arms]
    variances = [
        sum(w**2 * each.variance / each.count for w, each in zip(weights, arm, strict=True)) for arm in arms
    ]
    return np.stack(means), np.stack(variances)


def _rounded(chances: np.ndarray, floor: int) -> list[int]:
    """Whole buckets; those that rounding down leaves over go to the largest remainders."""
    exact = floor + chances * (BUCKETS - floor * len(chances))
    buckets = np.floor(exact).astype(int)
    for arm in np.argsort(buckets - exact, kind="stable")[: BUCKETS - buckets.sum()]:
        buckets[arm] += 1
    return [int(each) for each in buckets]
