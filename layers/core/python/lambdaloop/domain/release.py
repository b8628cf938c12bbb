"""A release: one model version with one state of the code, as exactly one published Lambda version."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.releasing_rules import ReleaseRules

ReleaseStatus = Literal["open", "shifting", "live", "superseded", "rolled_back"]
OPEN_STATUSES: frozenset[ReleaseStatus] = frozenset({"open", "shifting"})
"""A release in one of these has a workflow at work, or was left behind by one that died."""

Verdict = Literal["advance", "complete", "hold", "roll_back"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePin:
    """What a published Lambda version serves; lives in its environment, so it can never change."""

    schema: int = 1
    model: str
    release: int
    version: int
    bundle: Artifact


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a step's traffic showed and what followed from it."""

    at: datetime
    step: int
    """Index into the release's steps."""
    weight: float
    """Share of the traffic the new version had, 0 to 1."""
    verdict: Verdict
    reasons: tuple[str, ...]
    numbers: Mapping[str, float | None]
    """requests, errors, error_rate, p95_latency_ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The registry's record of a release."""

    schema: int = 1
    number: int
    """1, 2, 3 ... without gaps, per model."""
    model: str
    version: int
    status: ReleaseStatus
    execution: str
    """The workflow execution that owns it; asking again for the same execution gives the same release."""
    requested_by: str
    reason: str
    created_at: datetime
    lambda_version: str | None = None
    """Known once published."""
    previous: int | None = None
    """The release that was live before."""
    previous_lambda_version: str
    """Where all traffic goes on a rollback; the bootstrap version before the first release."""
    first: bool
    """Whether nothing but the bootstrap version served before, so that there is no traffic to share."""
    rules: ReleaseRules
    """Those it was opened with: another definition that is deployed meanwhile is one for the next release."""
    judgements: tuple[Judgement, ...] = field(default_factory=tuple)
    closed_at: datetime | None = None
    outcome: str | None = None
    """Why it ended the way it did."""
