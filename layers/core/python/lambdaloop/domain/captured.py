"""Reads the capture log back: one line is a prediction, a label, or a reason why it is neither.

What lies in the log was written by other versions of this code, passed through other systems, and may be damaged. Schemas
up to our own are accepted and unknown fields ignored; whatever else is odd is refused, and the caller goes on.
"""

import json
import math
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from lambdaloop.domain.assignment import AssignmentKind
from lambdaloop.domain.capture import LABEL, PREDICTION, SCHEMA
from lambdaloop.domain.definition import Label
from lambdaloop.domain.prediction_id import time_of

MAX_LINE = 1 << 20
"""Bytes; CloudWatch Logs takes no longer events, and our own lines are shorter."""
SKEW = timedelta(minutes=5)
"""How far clocks may be ahead of ours."""
_ID_PRECISION = timedelta(seconds=1)
_MAX_TEXT = 1000
_ID = re.compile("[0-9a-f]{32}")
_KINDS = frozenset({str, float, int, bool, type(None)})
_ASSIGNMENTS = get_args(AssignmentKind)

FeatureValue = str | int | float | bool | None


class LineUnreadableError(ValueError):
    """Why a line of the log is not counted; `reason` is one short sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturedPrediction:
    """What the log keeps of one prediction."""

    prediction_id: str
    """32 hexadecimal digits; carries the time, but for those of the first schema."""
    model: str
    version: int
    release: int
    variant: str
    entity: str | None
    """A keyed hash."""
    event_time: datetime
    """UTC; by the id where it carries a time, as its labels will."""
    features: Mapping[str, FeatureValue]
    """Those that the model definition allowed to be kept."""
    features_dropped: bool
    """The line would have been too long: its features are not missing values, nobody knows them."""
    prediction: Label | float
    probabilities: Mapping[str, float] | None
    """By str(label), for classification."""
    experiment: str | None = None
    """The one that was under way."""
    assignment: AssignmentKind | None = None
    """How the variant was chosen; None without an experiment."""
    request: str | None = None
    """The request whose predictions are one observation; None for one that stands alone, or for its entity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturedLabel:
    """What turned out to be true about one prediction, what it was worth, or both."""

    prediction_id: str
    model: str
    actual: Label | float | None = None
    reward: float | None = None
    observed_at: datetime
    """When the truth was seen, UTC; of two labels the later one counts."""
    received_at: datetime
    """When it came to us, UTC."""

    event_time: datetime = field(init=False)
    """When the prediction was made, UTC; its id says it."""

    def __post_init__(self) -> None:
        at = time_of(self.prediction_id)
        if at is None:
            raise LineUnreadableError(
                f"prediction_id carries no time, so it is none of ours: {shown(self.prediction_id)}"
            )
        object.__setattr__(self, "event_time", at)


def read_line(line: bytes | str, *, model: str, now: datetime) -> CapturedPrediction | CapturedLabel:
    """One line of the log; LineUnreadableError.

    `now` is when it is read: what happened later than that did not happen.
    """
    record = _json(line)
    if record.get("model") != model:
        raise LineUnreadableError(f"model must be {model!r}, got {shown(record.get('model'))}")
    schema = record.get("schema")
    if type(schema) is not int or not 1 <= schema <= SCHEMA:
        raise LineUnreadableError(f"schema must be 1 to {SCHEMA}, got {shown(schema)}")
    kind = record.get("kind")
    if kind == PREDICTION:
        return _prediction(record, now)
    if kind == LABEL:
        return _label(record, now)
    raise LineUnreadableError(f"kind must be prediction or label, got {shown(kind)}")


def read_label_row(row: Mapping[str, str], *, model: str, now: datetime) -> CapturedLabel:
    """One row of a CSV file of labels: prediction_id, actual or reward or both, perhaps observed_at; LineUnreadableError.

    A label that does not say when it was observed was observed `now`, when the file is read.
    """
    observed_at = row.get("observed_at", "").strip() or now.isoformat()
    actual, reward = row.get("actual", ""), row.get("reward", "").strip()
    if not actual.strip() and not reward:
        raise LineUnreadableError("actual is missing, and so is reward")
    return _label(
        {
            "model": model,
            "prediction_id": row.get("prediction_id", "").strip(),
            "actual": actual if actual.strip() else None,
            "reward": _reward_in(reward),
            "observed_at": observed_at,
            "received_at": now.isoformat(),
        },
        now,
    )


def _reward_in(text: str) -> float | None:
    """A reward as a CSV file spells it."""
    try:
        return float(text) if text else None
    except ValueError as error:
        raise LineUnreadableError(f"reward must be a finite number, got {shown(text)}") from error


def shown(value: object) -> str:
    """A value as a reason may quote it."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _json(line: bytes | str) -> Mapping[str, Any]:
    if len(line) > MAX_LINE:
        raise LineUnreadableError(f"longer than {MAX_LINE} bytes: {len(line)}")
    try:
        record = _DECODER.decode(line.decode() if isinstance(line, bytes) else line)
    except UnicodeDecodeError as error:
        raise LineUnreadableError("not UTF-8") from error
    except (ValueError, RecursionError) as error:  # ValueError: also a number of thousands of digits
        raise LineUnreadableError("not JSON") from error
    if type(record) is not dict:
        raise LineUnreadableError(f"must be a JSON object, got a {type(record).__name__}")
    found: Mapping[str, Any] = record
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


# One decoder for all lines: there are a hundred thousand of them.
_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def _prediction(record: Mapping[str, Any], now: datetime) -> CapturedPrediction:
    at = _time(record, "event_time", now)
    prediction_id = _text(record, "prediction_id")
    if not _ID.fullmatch(prediction_id):
        raise LineUnreadableError(f"prediction_id must be 32 hexadecimal digits, got {shown(prediction_id)}")
    carried = time_of(prediction_id)
    if carried is not None and abs(carried - at) > _ID_PRECISION:
        raise LineUnreadableError(
            f"event_time {at:%Y-%m-%dT%H:%M:%SZ} is not the time that prediction_id carries"
        )
    entity, features = record.get("entity"), record.get("features", {})
    if entity is not None and type(entity) is not str:
        raise LineUnreadableError(f"entity must be text, got {shown(entity)}")
    if type(features) is not dict:
        raise LineUnreadableError(f"features must be an object, got {shown(features)}")
    _check_features(features)
    experiment, assignment, request = (
        _assigned(record) if record.get("experiment") else (None, None, _shared_request(record))
    )
    return CapturedPrediction(
        prediction_id=prediction_id,
        model=record["model"],
        version=_count(record, "model_version"),
        release=_count(record, "release"),
        variant=_text(record, "variant"),
        entity=entity,
        event_time=carried or at,
        features=features,
        features_dropped=record.get("features_dropped") is True,
        prediction=_value(record, "prediction"),
        probabilities=_probabilities(record.get("probabilities")),
        experiment=experiment,
        assignment=assignment,
        request=request,
    )


def _assigned(record: Mapping[str, Any]) -> tuple[str, AssignmentKind, str | None]:
    """The experiment, how the prediction came into it, and by which request if it was by one."""
    experiment, assignment = _text(record, "experiment"), record.get("assignment")
    if type(assignment) is not str or assignment not in _ASSIGNMENTS:
        raise LineUnreadableError(
            f"assignment must be one of {', '.join(_ASSIGNMENTS)}, got {shown(assignment)}"
        )
    if assignment == "entity" and not record.get("entity"):
        raise LineUnreadableError("entity is missing although it decided the assignment")
    kind: AssignmentKind = assignment  # type: ignore[assignment]  # it is one of them
    return experiment, kind, _text(record, "request") if kind == "request" else None


def _shared_request(record: Mapping[str, Any]) -> str | None:
    """Of a prediction that was made together with others; the line is worth reading without it, too."""
    request = record.get("request")
    return request if type(request) is str and 1 <= len(request) <= _MAX_TEXT else None


def _check_features(features: Mapping[str, Any]) -> None:
    """JSON knows no infinity, but 1e999 is read as one."""
    values = features.values()
    if set(map(type, values)) <= _KINDS and math.inf not in values and -math.inf not in values:
        return  # nearly always, and faster than value by value
    for name, value in features.items():
        if type(value) not in _KINDS or value in (math.inf, -math.inf):
            raise LineUnreadableError(
                f"feature {name!r} must be text, a number or true or false, got {shown(value)}"
            )


def _label(record: Mapping[str, Any], now: datetime) -> CapturedLabel:
    received_at = _time(record, "received_at", now)
    reward = record.get("reward")
    if reward is not None:
        reward = _reward(reward)
    label = CapturedLabel(
        prediction_id=_text(record, "prediction_id"),
        model=record["model"],
        # Without a reward the label must say what was true.
        actual=None if reward is not None and record.get("actual") is None else _value(record, "actual"),
        reward=reward,
        observed_at=received_at if record.get("observed_at") is None else _time(record, "observed_at", now),
        received_at=received_at,
    )
    if label.event_time > now + SKEW:
        raise LineUnreadableError("prediction_id lies in the future")
    return label


def _reward(value: Any) -> float:
    if type(value) not in (float, int) or not abs(value) <= sys.float_info.max:
        raise LineUnreadableError(f"reward must be a finite number, got {shown(value)}")
    return float(value)


def _probabilities(value: Any) -> Mapping[str, float] | None:
    if value is None:
        return None
    if type(value) is not dict or not value:
        raise LineUnreadableError(f"probabilities must be an object, got {shown(value)}")
    for label, probability in value.items():
        if type(probability) not in (float, int) or not 0 <= probability <= 1:
            raise LineUnreadableError(f"probability of {label!r} must be 0 to 1, got {shown(probability)}")
    return value


def _value(record: Mapping[str, Any], name: str) -> Label | float:
    value: Any = record.get(name)
    if not _is_plain(value):
        raise LineUnreadableError(f"{name} must be a label or a number, got {shown(value)}")
    found: Label | float = value
    return found


def _is_plain(value: Any) -> bool:
    kind = type(value)
    if kind is float:
        return math.isfinite(value)
    if kind is str:
        return len(value) <= _MAX_TEXT
    return kind is bool or (kind is int and abs(value) < 1e300)


def _text(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    if type(value) is not str or not 1 <= len(value) <= 100 or not value.isascii():
        raise LineUnreadableError(f"{name} must be 1 to 100 ASCII characters, got {shown(value)}")
    return value


def _count(record: Mapping[str, Any], name: str) -> int:
    value = record.get(name)
    if type(value) is not int or not 1 <= value < 1 << 53:
        raise LineUnreadableError(f"{name} must be a whole number above 0, got {shown(value)}")
    return value


def _time(record: Mapping[str, Any], name: str, now: datetime) -> datetime:
    value = record.get(name)
    try:
        at = datetime.fromisoformat(value)  # type: ignore[arg-type]  # a TypeError says so
        naive = at.tzinfo is None
        at = at if at.tzinfo is UTC else at.astimezone(UTC)
    except (ValueError, TypeError, OverflowError) as error:
        raise LineUnreadableError(f"{name} must be a time, got {shown(value)}") from error
    if naive:
        raise LineUnreadableError(f"{name} has no time zone, such as 2026-03-01T12:00:00Z: {shown(value)}")
    if at > now + SKEW:
        raise LineUnreadableError(f"{name} lies in the future: {shown(value)}")
    return at
