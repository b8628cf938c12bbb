"""The section `release` of the model definition: how a version takes traffic, and what it must show meanwhile."""

import math
from dataclasses import dataclass, field
from typing import Literal

from lambdaloop.domain.ranges import check_range

_STRICT = {"extra": "forbid", "use_attribute_docstrings": True}
_MAX_STEP_SECONDS = 14 * 86_400  # CloudWatch keeps data by the minute for 15 days

Plan = Literal["canary", "linear", "all_at_once"]
_PLANS: dict[Plan, tuple[int, ...]] = {
    "canary": (10, 100),
    "linear": tuple(range(10, 101, 10)),
    "all_at_once": (100,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseStep:
    """One step of a plan of one's own, where it differs from the others."""

    __pydantic_config__ = _STRICT

    percent: int
    """Percent of the traffic."""
    bake_seconds: int | None = None
    """How long it is watched; None takes the release's."""
    min_requests: int | None = None
    """Requests that it needs; None takes the release's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What the predictions of a new version may look like beside those of the version before it, in the same minutes."""

    __pydantic_config__ = _STRICT

    min_predictions: int = 20
    """Logged predictions of the new version without which a step may not go on."""
    max_disagreement: float = 0.2
    """Guardrail: how much more often than on the holdout of its training the new version may disagree with the one before it
    about the same rows; for regression, the mean difference in standard deviations. Needs serving.capture to name every feature."""
    max_prediction_drift: float = 0.25
    """Signal: how much more than on the holdout its answers may be distributed otherwise (population stability index)."""
    max_invalid_rate: float = 0.1
    """Signal: how much more often its rows may hold missing, unseen or out-of-range values."""
    max_estimated_drop: float = 0.1
    """Signal: how much worse it may be estimated to be, in the training metric, before labels come; for rmse and mae as a
    share of that of the version before."""
    max_performance_drop: float = 0.05
    """Guardrail: how much worse it may be beyond doubt, in the training metric, where labels have come; for rmse and mae as a
    share of that of the version before."""
    min_labels: int = 30
    """Labelled predictions of each side below which there is no real performance."""
    require: Literal["no_harm", "better"] = "no_harm"
    """What a version must show before its last step: nothing bad, or that it is better beyond doubt; if it does not, it is
    rolled back when its holds are used up."""

    def __post_init__(self) -> None:
        check_range("min_predictions", self.min_predictions, 1, 1_000_000)
        check_range("max_disagreement", self.max_disagreement, 0, 100)
        check_range("max_prediction_drift", self.max_prediction_drift, 0, 100)
        check_range("max_invalid_rate", self.max_invalid_rate, 0, 1)
        check_range("max_estimated_drop", self.max_estimated_drop, 0)
        check_range("max_performance_drop", self.max_performance_drop, 0)
        check_range("min_labels", self.min_labels, 30, 1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """A stage before the first step: the new version gets copies of live requests and answers nobody."""

    __pydantic_config__ = _STRICT

    share: float = 1.0
    """Share of the logged requests that are copied to it."""
    seconds: int = 3600
    """How long."""
    min_rows: int = 100
    """Copied rows without which it may not go on."""
    max_error_rate: float = 0.01
    """Largest fraction of copies that it may fail to answer."""

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise ValueError(f"share must be above 0 and at most 1, got {self.share}")
        check_range("seconds", self.seconds, 60, _MAX_STEP_SECONDS)
        check_range("min_rows", self.min_rows, 1, 1_000_000)
        check_range("max_error_rate", self.max_error_rate, 0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A person says yes before the first step; silence is no."""

    __pydantic_config__ = _STRICT

    expires_hours: int = 24
    """When silence ends the release."""
    remind_hours: int = 4
    """How long before that the reminder comes."""

    def __post_init__(self) -> None:
        check_range("expires_hours", self.expires_hours, 1, 720)
        if not 0 < self.remind_hours < self.expires_hours:
            raise ValueError(
                f"remind_hours must be above 0 and below expires_hours ({self.expires_hours}), got {self.remind_hours}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRules:
    """How a version takes traffic."""

    __pydantic_config__ = _STRICT

    automatic: bool = True
    """Whether a version that passed the gate is released at once."""
    steps: Plan | tuple[int | ReleaseStep, ...] = (10, 50, 100)
    """Percent of the traffic at each step, the last is 100; or canary (10, 100), linear (10, 20 ... 100) or all_at_once."""
    bake_seconds: int = 300
    """How long a step is watched before it is judged."""
    min_requests: int = 20
    """Requests the new version must have answered in a step before it may go on."""
    max_holds: int = 3
    """How often a step with too little evidence is watched again before it is rolled back."""
    max_error_rate: float = 0.01
    """Largest fraction of failed requests."""
    max_p95_latency_ms: float = 1000.0
    """Largest 95th percentile of the request duration in milliseconds."""
    max_p99_latency_ms: float | None = None
    """Largest 99th percentile, where there is a limit."""
    alarms: tuple[str, ...] = ()
    """CloudWatch alarms that must be OK; a missing one counts as in alarm."""
    behaviour: Behaviour = field(default_factory=Behaviour)
    """What its predictions may look like."""
    shadow: Shadow | None = None
    """Copies of live requests before the first step; none without this section."""
    approval: Approval | None = None
    """A person's consent before the first step; none is asked for without this section."""
    keep_lambda_versions: int = 5
    """Lambda versions of ended releases that are kept to go back to."""

    def __post_init__(self) -> None:
        percents = [step.percent for step in self.plan]
        if not percents or percents[-1] != 100 or percents != sorted(set(percents)) or percents[0] < 1:
            raise ValueError(f"steps must rise to 100, such as [10, 50, 100], got {percents}")
        if self.behaviour.require == "better" and len(percents) == 1:
            raise ValueError(
                "require: better needs a step before the last one, where both versions answer: give steps such as [10, 100]"
            )
        for step in self.plan:
            self._check_step(step)
        if not 0 <= self.max_holds <= 100:
            raise ValueError(f"max_holds must be 0 to 100, got {self.max_holds}")
        for name in ("max_error_rate", "max_p95_latency_ms", "max_p99_latency_ms"):
            if (value := getattr(self, name)) is not None and not math.isfinite(value):
                raise ValueError(f"{name} must be a finite number, got {value}")
        if not 0 <= self.max_error_rate < 1:
            raise ValueError(f"max_error_rate must be 0 to below 1, got {self.max_error_rate}")
        if self.max_p95_latency_ms <= 0:
            raise ValueError(f"max_p95_latency_ms must be above 0, got {self.max_p95_latency_ms}")
        if self.max_p99_latency_ms is not None and self.max_p99_latency_ms <= 0:
            raise ValueError(f"max_p99_latency_ms must be above 0, got {self.max_p99_latency_ms}")
        check_range("keep_lambda_versions", self.keep_lambda_versions, 1, 50)

    @property
    def plan(self) -> tuple[ReleaseStep, ...]:
        """The steps, each with all that it takes from the release."""
        steps = _PLANS[self.steps] if isinstance(self.steps, str) else self.steps
        return tuple(self._whole(ReleaseStep(percent=one) if isinstance(one, int) else one) for one in steps)

    def _whole(self, step: ReleaseStep) -> ReleaseStep:
        bake, requests = step.bake_seconds, step.min_requests
        return ReleaseStep(
            percent=step.percent,
            bake_seconds=self.bake_seconds if bake is None else bake,
            min_requests=self.min_requests if requests is None else requests,
        )

    def _check_step(self, step: ReleaseStep) -> None:
        bake, requests = step.bake_seconds or 0, step.min_requests or 0
        if not 0 <= bake <= 86_400:
            raise ValueError(f"bake_seconds must be 0 to 86400, got {bake}")
        if requests < 1:
            raise ValueError(f"min_requests must be 1 or more: no traffic is no evidence, got {requests}")
        if (self.max_holds + 1) * bake > _MAX_STEP_SECONDS:
            raise ValueError(
                f"a step can be watched for 14 days at most, bake_seconds {bake} with max_holds "
                f"{self.max_holds} make {(self.max_holds + 1) * bake / 86_400:.1f}: lower one of them"
            )
