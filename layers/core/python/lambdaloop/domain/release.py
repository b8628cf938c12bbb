"""A release: one model version with one state of the code, as exactly one published Lambda version."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.documents import to_document
from lambdaloop.domain.errors import PinTooLargeError
from lambdaloop.domain.experiment_pin import ExperimentPin
from lambdaloop.domain.releasing_rules import ReleaseRules

ReleaseStatus = Literal["open", "shifting", "sharing", "live", "superseded", "rolled_back", "withdrawn"]
OPEN_STATUSES: frozenset[ReleaseStatus] = frozenset({"open", "shifting"})
"""A release in one of these has a workflow at work, or was left behind by one that died."""
BESIDE_STATUSES: frozenset[ReleaseStatus] = OPEN_STATUSES | {"sharing"}
"""A release in one of these is not live, and may have a share of the traffic beside the one that is."""
ENDED_STATUSES: frozenset[ReleaseStatus] = frozenset({"superseded", "rolled_back", "withdrawn"})
"""A release in one of these has no traffic, and never gets any but by a rollback to it."""

Verdict = Literal["advance", "complete", "hold", "roll_back"]

PIN_SCHEMA = 2
_MAX_PIN_BYTES = 4096 - 700
"""Of the 4 KB that Lambda allows for all variables together; the other ones need up to 700."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePin:
    """What a published Lambda version serves; lives in its environment, so it can never change."""

    schema: int = PIN_SCHEMA
    model: str
    release: int
    version: int
    bundle: Artifact
    experiment: ExperimentPin | None = None
    """Since schema 2. Its control is this version."""
    previous_lambda_version: str | None = None
    """Since schema 2. Where a rollback leads: what all traffic went to before the release, past the arms of an experiment."""

    def __post_init__(self) -> None:
        # Reading less than a newer pin says would be half an experiment.
        if not 1 <= self.schema <= PIN_SCHEMA:
            raise ValueError(f"schema must be 1 to {PIN_SCHEMA}, got {self.schema}")
        if self.experiment is not None:
            control = self.experiment.arms[0]
            if (control.version, control.bundle) != (self.version, self.bundle):
                raise ValueError(
                    f"the first arm is the control and must be version {self.version}, got version {control.version}"
                )


def pin_text(pin: ReleasePin) -> str:
    """The value of the environment variable; PinTooLargeError when Lambda would not take it."""
    text = json.dumps(to_document(pin), sort_keys=True, separators=(",", ":"))
    # Lambda measures all variables as JSON, where quotation marks count twice.
    measured = len(json.dumps(text))
    if measured > _MAX_PIN_BYTES:
        arms = len(pin.experiment.arms) if pin.experiment else 1
        raise PinTooLargeError(
            f"the pin of release {pin.release} has {measured} bytes with {arms} arms, at most {_MAX_PIN_BYTES} fit "
            "into a Lambda function's environment: take fewer arms"
        )
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a step's traffic, or a slice of the shadow stage, showed and what followed from it."""

    kind: Literal["step", "shadow"] = "step"
    at: datetime
    step: int
    """Index into the release's steps; of a shadow stage, the number of the slice."""
    weight: float
    """Share of the traffic the new version had, 0 to 1."""
    verdict: Verdict
    reasons: tuple[str, ...]
    numbers: Mapping[str, float | None]
    """requests, errors, error_rate, p95_latency_ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficShare:
    """What a release takes of the traffic, beside the live one, to keep it: the treatment of a stateless experiment."""

    experiment: str
    percent: int
    """Of the requests, 1 to 99."""
    asked_at: datetime
    """When the experiment asked for it. From then on, the shares before it are not what they were."""

    def __post_init__(self) -> None:
        if not 1 <= self.percent <= 99:
            raise ValueError(f"percent must be 1 to 99, got {self.percent}")


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
    experiment: ExperimentPin | None = None
    """The arms that its Lambda version serves; None for the version alone."""
    share: TrafficShare | None = None
    """Where it stops taking traffic; None for a release that shall be live."""
    shared_at: datetime | None = None
    """When it had its share."""
    first: bool
    """Whether nothing but the bootstrap version served before, so that there is no traffic to share."""
    rules: ReleaseRules
    """Those it was opened with: another definition that is deployed meanwhile is one for the next release."""
    judgements: tuple[Judgement, ...] = field(default_factory=tuple)
    live_at: datetime | None = None
    """When it last became live; None when it never did, or did so before this was recorded."""
    closed_at: datetime | None = None
    outcome: str | None = None
    """Why it ended the way it did."""
    lambda_version_deleted_at: datetime | None = None
    """When its Lambda version was found to be gone: there is no going back to it."""
