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
AssignmentMode = Literal["sticky", "stateless"]
"""sticky: one release with all arms, and a hash of the entity decides; stateless: a release beside the live one, and Lambda decides
for each request anew."""
Design = Literal["sequential", "fixed"]
"""sequential: judged at every look, by confidence sequences; fixed: judged once, by a test, when the planned number of units is there."""
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
    design: Design = "sequential"
    """How often it is judged. Whatever the design, requests that fail and harm beyond doubt end it at any look."""
    units_per_arm: int | None = None
    """Of a fixed design, and needed there: units with an outcome in every arm when it is judged."""
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
    """The confidence sequence at alpha (divided among the arms): valid at every look. Of a fixed design the interval of its test."""
    p_value: float | None = None
    """Of a fixed design: two-sided, of no difference."""
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
    """How likely the numbers of units by arm are."""
    outcome_ratio_p: float | None = None
    """How likely it is that outcomes are known of so different parts of the arms' units."""
    judged_at: datetime | None = None
    """Of a fixed design: when it was judged; later looks repeat what was said then."""
    contrasts: tuple[Contrast, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseOrder:
    """The release that an experiment asked for last. A workflow that brings another one has come too late."""

    number: int
    """1, 2, 3 ... within the experiment."""
    version: int
    arms: tuple[Arm, ...] = ()
    """What it shall serve; none for the version alone, which ends the experiment."""
    requested_by: str | None = None
    """The person who wanted it, whose release somebody else has to approve; None: whoever asked for the experiment."""
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
    assignment: AssignmentMode = "sticky"
    """Who gets which arm. Stateless, there are two, no hash and no buckets, and the unit is a request."""
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

    @property
    def is_stateless(self) -> bool:
        """Whether the weights of the live alias split the requests."""
        return self.assignment == "stateless"

    def arm(self, name: str) -> Arm:
        """The arm of that name; KeyError when there is none."""
        return {arm.name: arm for arm in self.arms}[name]
