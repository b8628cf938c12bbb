"""Whether more of an arm's requests fail than may, beyond doubt, however often it is looked at.

References
----------
The likelihood ratio against every larger rate, mixed by Jeffreys' prior, is a supermartingale while the rate is at most the
allowed one; by Ville's inequality it exceeds 1 / alpha with probability alpha at most, at any number of requests: H. Robbins,
Statistical methods related to the law of the iterated logarithm, 1970.

"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincc, betaln, xlog1py, xlogy

from lambdaloop.experimentation.moments import Floats

_PRIOR = 0.5


def exceeds(failures: ArrayLike, requests: ArrayLike, *, allowed: float, alpha: float) -> NDArray[np.bool_]:
    """True where the rate of failures is above the allowed one.

    >>> bool(exceeds(5, 100, allowed=0.01, alpha=0.05)), bool(exceeds(9, 100, allowed=0.01, alpha=0.05))
    (False, True)

    """
    return np.asarray(log_evidence(failures, requests, allowed=allowed) >= -math.log(alpha))


def log_evidence(failures: ArrayLike, requests: ArrayLike, *, allowed: float) -> Floats:
    """The logarithm of how much better larger rates explain the failures than the allowed one does."""
    failed = np.asarray(failures, dtype=np.float64)
    answered = np.asarray(requests, dtype=np.float64) - failed
    if allowed >= 1:
        return np.full(np.broadcast(failed, answered).shape, -np.inf)
    with np.errstate(divide="ignore"):
        larger = betaln(failed + _PRIOR, answered + _PRIOR) + np.log(
            betaincc(failed + _PRIOR, answered + _PRIOR, allowed)
        )
        prior = betaln(_PRIOR, _PRIOR) + np.log(betaincc(_PRIOR, _PRIOR, allowed))
        evidence: Floats = larger - prior - xlogy(failed, allowed) - xlog1py(answered, -allowed)
    return evidence
