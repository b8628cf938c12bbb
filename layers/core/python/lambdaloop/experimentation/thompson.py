"""Shares that follow the outcomes: an arm gets as many buckets as it is likely to be the best one.

References
----------
W. R. Thompson, On the likelihood that one unknown probability exceeds another in view of the evidence of two samples,
Biometrika 25, 1933; S. L. Scott, A modern Bayesian look at the multi-armed bandit, Applied Stochastic Models in Business and
Industry 26, 2010.

"""

from collections.abc import Mapping

import numpy as np

from lambdaloop.domain.experiment import ArmFigures, Experiment
from lambdaloop.experimentation.evaluation import arm_moments, better_is_more

BUCKETS = 10_000
_DRAWS = 100_000


def allocate(
    experiment: Experiment, figures: Mapping[str, ArmFigures], *, seed: int, floor: int = 500
) -> dict[str, int]:
    """Buckets by arm, 10,000 together, none with fewer than `floor`: so that each goes on being learned about.

    As they are while an arm has fewer than `min_units` measured units, or while none of its units differs from another. The
    posterior of a mean is taken as normal. The same figures and seed give the same buckets. ValueError when the floor is too high.
    """
    arms, rules = experiment.arms, experiment.rules
    if not 0 <= floor * len(arms) <= BUCKETS:
        raise ValueError(
            f"{len(arms)} arms cannot have {floor} of {BUCKETS} buckets each: use at most {BUCKETS // len(arms)}"
        )
    known = [figures.get(arm.name) for arm in arms]
    enough = [each for each in known if each is not None and each.measured >= max(rules.min_units, 2)]
    shown = [arm_moments(rules, each) for each in enough]
    if len(shown) < len(arms) or not all(each.variance > 0 for each in shown):
        return {arm.name: arm.share for arm in arms}
    means = np.array([float(each.mean) for each in shown])
    errors = np.sqrt([float(each.variance / each.count) for each in shown])
    drawn = np.random.default_rng(seed).normal(means, errors, (_DRAWS, len(arms)))
    best = (drawn if better_is_more(rules) else -drawn).argmax(axis=1)
    chances = np.bincount(best, minlength=len(arms)) / _DRAWS
    return dict(zip((arm.name for arm in arms), _rounded(chances, floor), strict=True))


def _rounded(chances: np.ndarray, floor: int) -> list[int]:
    """Whole buckets; those that rounding down leaves over go to the largest remainders."""
    exact = floor + chances * (BUCKETS - floor * len(chances))
    buckets = np.floor(exact).astype(int)
    for arm in np.argsort(buckets - exact, kind="stable")[: BUCKETS - buckets.sum()]:
        buckets[arm] += 1
    return [int(each) for each in buckets]
