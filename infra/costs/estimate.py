"""A month of one model in dollars: its template, its definition, and what is expected of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.costs import prices
from infra.costs.deployed_model import DeployedModel
from infra.costs.idle import idle_lines
from infra.costs.line import Line
from infra.costs.usage import HOURS, Usage
from infra.costs.watch_metrics import while_used
from infra.costs.workflow_steps import transitions
from lambdaloop.domain.definition import ModelDefinition

_GB = 1e9
_ACCESS_LOG_BYTES = 450
_METRICS_LINE_BYTES = 600
_REPORT_BYTES = 250  # Lambda's own lines about a request
_LINE_BYTES, _FEATURE_BYTES = 500, 25  # of the prediction log: what is in every line, and for each feature
_ANSWER_BYTES = 300  # a row
_LABEL_BYTES = 350
_KEPT_MONTHS = 3
_LOGS_SHRINK = 0.15
"""CloudWatch keeps logs packed, and charges for what it keeps."""
_REQUEST_METRICS = 8
"""Four figures of the requests, each by model and by model and release."""
_LOOK_UP_METRICS, _LOOK_UP_LINE_BYTES = 4, 500
"""Of each request that looks stored features up."""
_FIREHOSE_RECORD_BYTES = 5_000
"""What Firehose bills for a record at least. CloudWatch hands lines on together when they come together; here each comes alone."""
_OBJECTS_AN_HOUR = 12  # Firehose writes one every five minutes while lines come
_STEP_SECONDS = 3.0
_WATCH_OBJECTS = 25  # what one run of the watch writes and lists
_RELEASE_VERBS = ("open_release", "verify_release", "shift_traffic", "judge_release", "close_release")
_CANDIDATE_VERB = "train_candidate"
_TRAINING_VERBS = (
    "collect_labelled",
    "resolve_dataset",
    "validate_dataset",
    "evaluate_candidates",
    "package_model",
    "check_parity",
    "register_version",
)
_REGISTRY_WRITES = 60
"""Of a training and its release together, counted twice where they are transactions."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a model costs in a month, line by line."""

    model: str
    lines: Sequence[Line]
    predictions: float

    @property
    def usd(self) -> float:
        """All of it."""
        return sum(line.usd for line in self.lines)

    @property
    def idle_usd(self) -> float:
        """What it costs while nobody uses it."""
        return sum(line.usd for line in self.lines if line.idle)

    @property
    def by_service(self) -> Mapping[str, float]:
        """Dollars by service, the dearest first."""
        services: dict[str, float] = {}
        for line in self.lines:
            services[line.price.service] = services.get(line.price.service, 0.0) + line.usd
        return dict(sorted(services.items(), key=lambda each: -each[1]))

    @property
    def usd_per_thousand(self) -> float | None:
        """What a thousand more predictions cost; None without any."""
        grows = sum(line.usd for line in self.lines if line.per_request)
        return 1000 * grows / self.predictions if self.predictions else None


def estimate(template: Mapping[str, Any], definition: ModelDefinition, usage: Usage) -> Estimate:
    """A month of one model's stack; what all models share is in `idle.storage_lines`."""
    stack = DeployedModel(template)
    lines = [
        *idle_lines(template, usage),
        *_watched(stack, definition, usage),
        *_predictions(stack, definition, usage),
        *_labels(stack, usage),
        *_trainings(stack, definition, usage),
    ]
    return Estimate(
        model=definition.name, lines=[line for line in lines if line.units], predictions=usage.rows
    )


def _watched(stack: DeployedModel, definition: ModelDefinition, usage: Usage) -> Iterator[Line]:
    metrics = while_used(definition, rows=usage.rows, hours=HOURS)
    runs = sum(starts for name, starts in stack.schedules.items() if "Watch" in name)
    yield Line(what="metrics of what is watched", price=prices.METRIC, units=metrics * runs / HOURS)


def _predictions(stack: DeployedModel, definition: ModelDefinition, usage: Usage) -> Iterator[Line]:
    def per_request(what: str, price: prices.Price, units: float) -> Line:
        return Line(what=what, price=price, units=units, per_request=True)

    requests, rows = usage.requests, usage.rows
    memory = stack.memory_gb["inference"]
    cold = requests * usage.cold_starts
    seconds = (requests * usage.request_ms + cold * usage.cold_ms) / 1000
    yield per_request("requests", prices.HTTP_REQUEST, requests)
    yield per_request("inference: requests", prices.LAMBDA_REQUEST, requests)
    yield per_request("inference: time", prices.LAMBDA_GB_SECOND, memory * seconds)
    if stack.snapshot_gb:
        yield per_request("inference: restores", prices.SNAPSHOT_RESTORE_GB, cold * memory)

    captured = (
        rows
        * definition.serving.capture_rate
        * (_LINE_BYTES + _FEATURE_BYTES * len(definition.features))
        / _GB
    )
    look_up = _LOOK_UP_LINE_BYTES if definition.online else 0
    about = requests * (_ACCESS_LOG_BYTES + _METRICS_LINE_BYTES + look_up + _REPORT_BYTES) / _GB
    yield per_request("prediction log and metrics lines", prices.LOGS_GB, captured + about)
    yield per_request("logs, kept", prices.LOGS_KEPT_GB, (captured + about) * _KEPT_MONTHS * _LOGS_SHRINK)
    billed = max(captured, requests * definition.serving.capture_rate * _FIREHOSE_RECORD_BYTES / _GB)
    yield per_request("prediction log to S3", prices.FIREHOSE_GB, billed)
    yield per_request("prediction log, unpacked", prices.FIREHOSE_UNPACKED_GB, captured)
    yield per_request("answers", prices.TRANSFER_GB, rows * _ANSWER_BYTES / _GB)

    busy_hours = min(HOURS, requests)
    metrics = _REQUEST_METRICS + (_LOOK_UP_METRICS if definition.online else 0)
    yield Line(what="metrics of requests", price=prices.METRIC, units=metrics * busy_hours / HOURS)
    yield Line(
        what="objects of the log",
        price=prices.S3_WRITE,
        units=min(busy_hours * _OBJECTS_AN_HOUR, requests) + _WATCH_OBJECTS * busy_hours,
    )
    if "authorize" in stack.memory_gb:
        yield per_request("keys: requests", prices.LAMBDA_REQUEST, requests)
        yield per_request(
            "keys: time",
            prices.LAMBDA_GB_SECOND,
            requests * stack.memory_gb["authorize"] * usage.request_ms / 1000,
        )
        yield per_request("keys: limits", prices.DYNAMODB_WRITE, requests)
    if definition.online:
        groups = len(definition.online.groups)
        yield per_request("stored features", prices.DYNAMODB_READ, rows * groups)


def _labels(stack: DeployedModel, usage: Usage) -> Iterator[Line]:
    yield Line(what="labels: requests", price=prices.HTTP_REQUEST, units=usage.labels)
    yield Line(
        what="labels: time",
        price=prices.LAMBDA_GB_SECOND,
        units=usage.labels * stack.memory_gb["inference"] * usage.request_ms / 1000,
    )
    yield Line(what="labels: log", price=prices.LOGS_GB, units=usage.labels * _LABEL_BYTES / _GB)


def _trainings(stack: DeployedModel, definition: ModelDefinition, usage: Usage) -> Iterator[Line]:
    candidates, times = len(definition.training.candidates), usage.trainings
    for part, name in (("Train", "trainings"), ("Releas", "releases")):
        workflow = stack.workflow(part)
        if workflow is None:
            continue
        steps = transitions(workflow, iterations=candidates)
        if name == "releases":
            steps *= len(definition.release.steps)
        yield Line(what=f"{name}: steps", price=prices.TRANSITION, units=times * steps)
        yield Line(what=f"{name}: traces", price=prices.TRACE, units=times)
    memory = stack.memory_gb
    fitting = candidates * memory[_CANDIDATE_VERB] * usage.candidate_seconds
    choosing = memory["evaluate_candidates"] * usage.candidate_seconds
    others = sum(memory[verb] * _STEP_SECONDS for verb in (*_TRAINING_VERBS, *_RELEASE_VERBS))
    yield Line(
        what="trainings: functions",
        price=prices.LAMBDA_GB_SECOND,
        units=times * (fitting + choosing + others),
    )
    yield Line(what="registry", price=prices.DYNAMODB_WRITE, units=times * _REGISTRY_WRITES)
