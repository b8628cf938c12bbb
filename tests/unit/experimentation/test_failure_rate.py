import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import beta, binom

from lambdaloop.experimentation.failure_rate import exceeds, log_evidence


@pytest.mark.parametrize(
    ("failures", "requests", "allowed"), [(0, 30, 0.01), (4, 100, 0.02), (40, 900, 0.05)]
)
def test_the_evidence_is_the_mixture_of_likelihood_ratios(
    failures: int, requests: int, allowed: float
) -> None:
    prior = beta(0.5, 0.5)

    def ratio(rate: float) -> float:
        return float(
            prior.pdf(rate)
            * math.exp(binom.logpmf(failures, requests, rate) - binom.logpmf(failures, requests, allowed))
        )

    mixed = quad(ratio, allowed, 1, points=[allowed * 2, 0.1], limit=500)[0] / prior.sf(allowed)
    assert log_evidence(failures, requests, allowed=allowed) == pytest.approx(math.log(mixed), abs=1e-5)


def test_looking_again_and_again_accuses_an_arm_at_its_limit_as_seldom_as_alpha_says() -> None:
    chance = np.random.default_rng(3)
    failed = np.cumsum(chance.random((1_000, 2_000)) < 0.02, axis=1)[:, 19::20]
    accused = exceeds(failed, np.arange(20, 2_001, 20), allowed=0.02, alpha=0.05).any(axis=1).mean()
    assert accused <= 0.05


def test_a_rate_of_three_times_the_limit_is_found() -> None:
    assert exceeds(30, 1_000, allowed=0.01, alpha=0.05)
    assert not exceeds(10, 1_000, allowed=0.01, alpha=0.05)


def test_limits_at_the_ends() -> None:
    assert exceeds(1, 1_000, allowed=0.0, alpha=0.05)
    assert not exceeds(0, 1_000, allowed=0.0, alpha=0.05)
    assert not exceeds(1_000, 1_000, allowed=1.0, alpha=0.05)
