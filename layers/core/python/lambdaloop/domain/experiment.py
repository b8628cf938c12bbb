"""An experiment: versions of one model that answer side by side until the numbers say which one shall stay."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

ExperimentStatus = Literal["starting", "running", "concluding", "concluded", "stopped", "failed"]
ENDED: frozenset[ExperimentStatus] = frozenset({"concluded", "stopped", "failed"})

Outcome = Literal["correct", "squared_error", "reward"]
"""What an arm is measured by, per prediction: whether the label was met, the squared error of a number, or the reward that
was posted with the label. Less is better for squared_error."""
Policy = Literal["fixed", "thompson"]
OnEqual = Literal["keep", "promote"]
Verdict = Literal["undecided", "better", "equal", "harmful", "invalid"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One variant of an experiment."""

    name: str
    version: int
    """Of the model, in the registry."""
    share: int
    """Of 10,000 buckets, those that are this arm's; the shares of an experiment add up to 10,000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentRules:
    """When an experiment is over, and what follows from it."""

    outcome: Outcome
    smallest_effect: float
    """The difference in the mean outcome that is worth a change, in the outcome's unit; what the sample size is planned for."""
    alpha: float = 0.05
    """How often an experiment without a difference may declare one, however often it is looked at."""
    min_units: int = 100
    """Units with an outcome per arm before anything is said."""
    max_days: int = 30
    """When it ends without an answer."""
    max_harm: float | None = None
    """An arm whose outcome is worse than the control's by more than this beyond doubt ends the experiment; None takes smallest_effect."""
    max_error_rate: float = 0.01
    """Guardrail: the largest fraction of an arm's requests that may fail."""
    policy: Policy = "fixed"
    """fixed: shares stay; thompson: shares follow the outcomes, at most once a day."""
    on_equal: OnEqual = "keep"
    """Whether the control stays, or the first other arm takes over, when there is no difference that matters."""
    automatic: bool = True
    """Whether the answer is carried out by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmFigures:
    """What one arm showed so far; sums over units (entities, or requests without one)."""

    units: int
    """Units that were exposed."""
    measured: int
    """Units of which an outcome is known."""
    total: float
    """Sum of the units' mean outcomes."""
    squares: float
    """Sum of their squares."""
    covariate_total: float = 0.0
    """Sum of what was known of the measured units before the experiment began; 0 where nothing is."""
    covariate_squares: float = 0.0
    products: float = 0.0
    """Sum of outcome times covariate."""
    requests: int = 0
    failures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """One arm beside the control."""

    arm: str
    difference: float | None
    """Of the mean outcomes, arm - control; None while there is too little."""
    low: float | None = None
    high: float | None = None
    """The confidence sequence at alpha (divided among the arms): valid at every look."""
    variance_reduction: float = 0.0
    """Share of the variance that the covariate took away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What an experiment showed when it was looked at."""

    at: datetime
    verdict: Verdict
    reason: str
    winner: str | None = None
    """The arm that shall serve, where the verdict says so."""
    figures: Mapping[str, ArmFigures] = field(default_factory=dict)
    """By arm."""
    sample_ratio_p: float | None = None
    contrasts: tuple[Contrast, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseOrder:
    """The release that an experiment asked for last. A workflow that brings another one has come too late."""

    number: int
    """1, 2, 3 ... within the experiment."""
    version: int
    arms: tuple[Arm, ...] = ()
    """What it shall serve; none for the version alone, which ends the experiment."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """The registry's record of an experiment."""

    schema: int = 1
    id: str
    model: str
    status: ExperimentStatus
    arms: tuple[Arm, ...]
    """The first one is the control: the champion."""
    salt: str
    """With the entity id it decides the arm; never changed, so a ramp reshuffles nobody."""
    namespace: str
    """Experiments of one namespace never share an entity."""
    first_bucket: int
    """Of the namespace's 10,000 buckets, where this experiment begins …"""
    buckets: int
    """… and how many are its own; entities in others get the control and are not counted."""
    rules: ExperimentRules
    requested_by: str
    reason: str
    created_at: datetime
    started_at: datetime | None = None
    """When its release went live."""
    release: int | None = None
    looks: tuple[Look, ...] = ()
    """The newest ones."""
    ended_at: datetime | None = None
    verdict: Verdict | None = None
    conclusion: str | None = None
    """Why it ended the way it did."""
    winner: str | None = None
    """The arm that serves when it has ended; known as soon as it concludes."""
    ending: Literal["concluded", "stopped"] | None = None
    """The status that it will end with, once it concludes."""
    order: ReleaseOrder | None = None
    revision: int = 1
    """Counts the changes of this record: who decides on an old one has to decide anew."""

    @property
    def control(self) -> Arm:
        """The arm that all others are held against."""
        return self.arms[0]

    def arm(self, name: str) -> Arm:
        """The arm of that name; KeyError when there is none."""
        return {arm.name: arm for arm in self.arms}[name]
