"""The capture line: what the prediction log keeps about one prediction. Readers accept older schemas, so fields only come."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lambdaloop.domain.documents import Document
from lambdaloop.domain.prediction import Prediction
from lambdaloop.domain.release import ReleasePin

SCHEMA = 1
MAX_TEXT = 1000
"""Characters kept of a feature's text: a log event must not become as long as a caller likes."""


def capture_line(
    prediction: Prediction,
    *,
    release: ReleasePin,
    entity: str | None,
    event_time: datetime,
    features: Mapping[str, Any],
    latency_ms: float,
) -> Document:
    """The line as a JSON object. `entity` is a hash, `event_time` in UTC, `features` only those that may be kept."""
    return {
        "schema": SCHEMA,
        "kind": "prediction",
        "prediction_id": prediction.prediction_id,
        "model": release.model,
        "model_version": prediction.model_version,
        "release": release.release,
        "experiment": None,
        "variant": prediction.variant,
        "entity": entity,
        "event_time": event_time.isoformat(),
        "features": {name: _kept(value) for name, value in features.items()},
        "prediction": prediction.output.value,
        "probabilities": prediction.output.probabilities,
        "latency_ms": round(latency_ms, 3),
    }


def _kept(value: Any) -> Any:
    return value[:MAX_TEXT] if isinstance(value, str) else value
