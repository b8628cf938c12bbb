"""Takes out of the outcomes what was known before the experiment began: the same answer from fewer units.

References
----------
A. Deng, Y. Xu, R. Kohavi, T. Walker, Improving the sensitivity of online controlled experiments by utilizing pre-experiment
data (CUPED), WSDM 2013. With one slope for all arms, the adjusted difference is the coefficient of the arm in the regression of
the outcome on arm and covariate.

"""

from collections.abc import Sequence

import numpy as np

from lambdaloop.experimentation.moments import Floats, Moments


def slope(arms: Sequence[Moments]) -> Floats:
    """By how much the outcome grows with the covariate within an arm, over all arms; 0 where the covariate never varies."""
    weights = [np.maximum(arm.count - 1, 0) for arm in arms]
    together = sum(w * np.nan_to_num(arm.covariance) for w, arm in zip(weights, arms, strict=True))
    spread = np.asarray(
        sum(w * np.nan_to_num(arm.covariate_variance) for w, arm in zip(weights, arms, strict=True))
    )
    by: Floats = np.divide(together, spread, out=np.zeros(spread.shape), where=spread > 0)
    return by


def adjusted(arm: Moments, by: Floats) -> tuple[Floats, Floats]:
    """The mean outcome less `by` times the covariate's mean, and the variance of one unit's rest."""
    rest = arm.variance - 2 * by * arm.covariance + by * by * arm.covariate_variance
    return arm.mean - by * arm.covariate_mean, np.maximum(rest, 0.0)
