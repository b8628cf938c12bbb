"""What the console shows: the state of every model at one moment, as one bounded JSON document that tells no secret.

Nothing in here grows with the age of a model: of everything only the newest are told, and of a record only what is shown. Tokens,
salts, bundles and the keys of files stay in the registry.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lambdaloop.domain.alias import Alias
from lambdaloop.domain.decision import DecisionCheck
from lambdaloop.domain.experiment import Arm, Look
from lambdaloop.domain.metrics import Task
from lambdaloop.domain.outcomes import Estimate

VERSIONS = RELEASES = RUNS = 20
EXPERIMENTS = 5
WINDOWS = 30
FEATURES = 40
"""Rows of the heat map: those that went farthest."""
DECISIONS = 30
ASKED = 200
"""Of the newest times that the governor was asked: among them are the decisions that are told."""
EVENTS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownVersion:
    """A version; fields as in `domain.version`."""

    number: int
    task: Task
    estimator: str
    parameters: Mapping[str, Any]
    metric: str
    metrics: Mapping[str, float | None]
    gate: Mapping[str, Any]
    rows: int
    captured_rows: int | None
    """Of those that it was fitted on, how many came out of the prediction log."""
    runtime: str | None
    digest: str
    run: str
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownJudgement:
    """What a step showed; figures as text: name, of the new version, of the one before, expected by training."""

    title: str
    at: datetime
    weight: float
    verdict: str
    reasons: tuple[str, ...]
    figures: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRelease:
    """A release with the newest judgement of each step; fields as in `domain.release`."""

    number: int
    version: int
    status: str
    lambda_version: str | None
    requested_by: str
    reason: str
    steps: tuple[int, ...]
    """Percents of the traffic."""
    experiment: str | None
    approval: str | None
    """Of one under way: pending, approved …; None where nobody was asked."""
    judgements: tuple[ShownJudgement, ...]
    created_at: datetime
    live_at: datetime | None
    closed_at: datetime | None
    outcome: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRun:
    """A training; fields as in `domain.run`."""

    id: str
    status: str
    reason: str
    requested_by: str
    started_at: datetime
    finished_at: datetime | None
    version: int | None
    captured: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownExperiment:
    """An experiment with its newest look; fields as in `domain.experiment`."""

    id: str
    status: str
    under_way: bool
    assignment: str
    arms: tuple[Arm, ...]
    outcome: str
    design: str
    policy: str
    smallest_effect: float
    requested_by: str
    reason: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    verdict: str | None
    conclusion: str | None
    winner: str | None
    look: Look | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownWindow:
    """A window of the watch: a column of the heat map."""

    end: datetime
    status: str
    reason: str
    release: int | None
    version: int | None
    rows: int | None
    share: float | None
    """Of the features, by weight: those that drifted."""
    real: Estimate | None
    """The version's training metric out of labels …"""
    estimated: Estimate | None
    """… and estimated without them."""
    drop: float | None
    new_labels: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureDrift:
    """A row of the heat map: one feature, window by window."""

    name: str
    times: tuple[float | None, ...]
    """Distances from the baseline where 1 is the threshold; None where too little was known."""
    drifted: tuple[int, ...]
    """Places of the windows in which it drifted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftMap:
    """The newest windows, oldest first, by feature, the farthest first."""

    windows: tuple[ShownWindow, ...] = ()
    features: tuple[FeatureDrift, ...] = ()
    features_left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDecision:
    """A decision of the governor; fields as in `domain.decision`."""

    id: str
    at: datetime
    cause: str
    requested_by: str
    retrain: bool
    storm: bool
    reason: str
    checks: tuple[DecisionCheck, ...]
    run: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEvent:
    """An event of the audit trail."""

    at: datetime
    kind: str
    actor: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficPart:
    """A Lambda version behind the live alias."""

    lambda_version: str
    share: float
    """Of the requests."""
    release: int | None
    """None for the one that answers before the first release, and for a release too old to be told."""
    version: int | None
    arms: tuple[Arm, ...] = ()
    """Of an experiment, with their shares of 10,000 buckets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentTraffic:
    """What CloudWatch counted in whole five minutes."""

    until: datetime
    requests: float
    client_errors: float
    server_errors: float
    latency_seconds: Mapping[str, float]
    """By percentile, such as p95."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownModel:
    """One model."""

    name: str
    champion: Alias | None
    traffic: tuple[TrafficPart, ...]
    recent: RecentTraffic
    alarms: tuple[str, ...]
    """That ring."""
    versions: tuple[ShownVersion, ...]
    releases: tuple[ShownRelease, ...]
    runs: tuple[ShownRun, ...]
    experiments: tuple[ShownExperiment, ...]
    drift: DriftMap
    decisions: tuple[ShownDecision, ...]
    quiet_decisions: int
    """How often the governor was asked meanwhile although nothing was wrong."""
    events: tuple[ShownEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSnapshot:
    """All models; newest first in each list."""

    schema: int = 1
    taken_at: datetime
    place: str
    """The region, and the endpoint of a local cloud."""
    models: tuple[ShownModel, ...]
    alarms: tuple[str, ...]
    """That ring and belong to no model."""
    reports: str | None = None
    """Where pages about single versions, releases, windows and experiments are asked for, relative to the console's own address."""
