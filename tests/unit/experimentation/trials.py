"""Experiments and figures for the tests of this package."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import numpy as np

from lambdaloop.domain.experiment import Arm, ArmFigures, Experiment, ExperimentRules

STARTED = datetime(2026, 3, 2, 8, tzinfo=UTC)
LATER = STARTED + timedelta(days=3)
RULES = ExperimentRules(outcome="correct", smallest_effect=0.02)


def trial(*shares: int, rules: ExperimentRules = RULES) -> Experiment:
    """A running experiment: control, and candidate or candidates by number."""
    shares = shares or (5_000, 5_000)
    names = ["control", "candidate", *(f"candidate {number}" for number in range(2, len(shares)))]
    arms = tuple(
        Arm(name=name, version=number, share=share)
        for number, (name, share) in enumerate(zip(names, shares, strict=False), start=1)
    )
    return Experiment(
        id="e1",
        model="churn",
        status="running",
        arms=arms,
        salt="salt",
        namespace="default",
        first_bucket=0,
        buckets=10_000,
        rules=rules,
        requested_by="ann",
        reason="try",
        created_at=STARTED - timedelta(hours=1),
        started_at=STARTED,
    )


def hits(found: int, units: int, *, failures: int = 0) -> ArmFigures:
    """Of units that are 0 or 1, all of them measured, one request each."""
    return ArmFigures(
        units=units,
        measured=units,
        total=float(found),
        squares=float(found),
        requests=units,
        failures=failures,
    )


def numbers(outcomes: Iterable[float], before: Iterable[float] = ()) -> ArmFigures:
    """Of units with these outcomes, and what was known of them before."""
    y = np.array([*outcomes])
    known = [*before]
    x = np.array(known) if known else np.zeros(len(y))
    return ArmFigures(
        units=len(y),
        measured=len(y),
        total=float(y.sum()),
        squares=float(y @ y),
        covariate_total=float(x.sum()),
        covariate_squares=float(x @ x),
        products=float(x @ y),
        requests=len(y),
    )
