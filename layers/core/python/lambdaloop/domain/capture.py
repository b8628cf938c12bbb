"""The capture line: what the prediction log keeps about one prediction or one label.

Readers accept older schemas, so fields only come.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lambdaloop.domain.documents import Document
from lambdaloop.domain.feedback import ReceivedLabel
from lambdaloop.domain.prediction import Prediction
from lambdaloop.domain.release import ReleasePin

SCHEMA = 1
PREDICTION = "prediction"
LABEL = "label"
"""The kinds of lines; the log's subscription takes these and nothing else."""
MAX_TEXT = 1000
"""Characters kept of a feature's text: a log event must not become as long as a caller likes."""
MAX_LINE_BYTES = 256 * 1024 - 128
"""A log event of CloudWatch: 256 KB with 26 bytes of its own. A longer line would be cut into pieces that are no JSON."""

_RANDOM_DIGITS = 13
_RANDOM_SPAN = float(16**_RANDOM_DIGITS)


def is_captured(prediction_id: str, rate: float) -> bool:
    """Whether this prediction is one of the share that is written down: whoever asks gets the same answer.

    The last 52 bits of an id are random, and exact in a float.
    """
    return rate >= 1 or int(prediction_id[-_RANDOM_DIGITS:], 16) < rate * _RANDOM_SPAN


def capture_line(
    prediction: Prediction,
    *,
    release: ReleasePin,
    entity: str | None,
    event_time: datetime,
    features: Mapping[str, Any],
    latency_ms: float,
    rate: float = 1.0,
    request_id: str | None = None,
    online: Mapping[str, str] | None = None,
) -> Document:
    """The line as a JSON object. `entity` is a hash, `event_time` in UTC, `features` only those that may be kept.

    A line that stands for others, too (`rate` below 1), says so in `capture_rate`. `request_id` is given where a prediction shares its
    fate with others of its request: these are one observation. `online` says by group where looked-up features came from.
    """
    line = {
        "schema": SCHEMA,
        "kind": PREDICTION,
        "prediction_id": prediction.prediction_id,
        "model": release.model,
        "model_version": prediction.model_version,
        "release": release.release,
        "experiment": release.experiment and release.experiment.id,
        "variant": prediction.variant,
        "entity": entity,
        "event_time": event_time.isoformat(),
        "features": {name: _kept(value) for name, value in features.items()},
        "prediction": prediction.output.value,
        "probabilities": prediction.output.probabilities,
        "latency_ms": round(latency_ms, 3),
    }
    if prediction.assignment:
        line["assignment"] = prediction.assignment
    if request_id is not None and prediction.assignment in (None, "request"):
        line["request"] = request_id
    if online:
        line["online"] = dict(online)
    if rate < 1:
        line["capture_rate"] = rate
    return line


def label_line(label: ReceivedLabel, *, model: str, received_at: datetime) -> Document:
    """The line about a label as a JSON object; times in UTC. What the label does not say is left out."""
    line: Document = {
        "schema": SCHEMA,
        "kind": LABEL,
        "model": model,
        "prediction_id": label.prediction_id,
        "actual": label.actual,
        "reward": label.reward,
        "observed_at": label.observed_at.isoformat(),
        "received_at": received_at.isoformat(),
    }
    return {name: value for name, value in line.items() if value is not None}


def without_features(line: Mapping[str, Any]) -> Document:
    """What is left of a line that is too long: `features_dropped` says that its features are not missing values."""
    return {**line, "features": {}, "features_dropped": True}


def _kept(value: Any) -> Any:
    return value[:MAX_TEXT] if isinstance(value, str) else value
