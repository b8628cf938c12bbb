"""Answers rows and writes down what was answered."""

import hmac
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lambdaloop.domain.alias import CHAMPION
from lambdaloop.domain.capture import capture_line, is_captured
from lambdaloop.domain.encoding import RowProblem, RowsInvalidError
from lambdaloop.domain.prediction import Prediction
from lambdaloop.domain.prediction_id import new_prediction_id
from lambdaloop.services.load_model import LoadedModel

if TYPE_CHECKING:
    from lambdaloop.ports import PredictionLog


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """Where predictions are written down, and what of them."""

    log: "PredictionLog"
    features: Sequence[str]
    """Those that the model definition allows."""
    entity_salt: str
    """Keys the hash that stands for an entity."""
    rate: float = 1.0
    """Share of the predictions that are written down."""


def predict(
    rows: Sequence[Mapping[str, Any]],
    *,
    loaded: LoadedModel,
    entity_id: str | None,
    event_time: datetime,
    capture: Capture | None,
) -> list[Prediction]:
    """One prediction per row; of these, the share that `capture` asks for is written down.

    A row's own entity column goes before `entity_id`. Raises RowsInvalidError with every problem; then nothing is captured.
    """
    started = time.perf_counter()
    entities = _entities(rows, column=loaded.model.signature.entity, default=entity_id)
    outputs = loaded.model.predict(rows)
    latency_ms = (time.perf_counter() - started) * 1000
    predictions = [
        Prediction(
            prediction_id=new_prediction_id(event_time),
            output=output,
            variant=CHAMPION,
            model_version=loaded.pin.version,
        )
        for output in outputs
    ]
    if capture:
        for row, entity, prediction in zip(rows, entities, predictions, strict=True):
            if not is_captured(prediction.prediction_id, capture.rate):
                continue
            line = capture_line(
                prediction,
                release=loaded.pin,
                entity=entity and _hashed(entity, capture.entity_salt),
                event_time=event_time,
                features={name: row.get(name) for name in capture.features},
                latency_ms=latency_ms,
                rate=capture.rate,
            )
            capture.log.write(line)
    return predictions


def _entities(
    rows: Sequence[Mapping[str, Any]], *, column: str | None, default: str | None
) -> list[str | None]:
    entities: list[str | None] = []
    problems: list[RowProblem] = []
    for number, row in enumerate(rows):
        value = row.get(column) if column else None
        if value is None:
            entities.append(default)
        elif isinstance(value, str | int) and not isinstance(value, bool):
            entities.append(str(value))
        else:
            problems.append(
                RowProblem(
                    row=number,
                    field=str(column),
                    problem=f"must be text or a whole number, got a {type(value).__name__}",
                )
            )
    if problems:
        raise RowsInvalidError(problems)
    return entities


def _hashed(entity: str, salt: str) -> str:
    """Hexadecimal; `surrogatepass` because JSON text may hold half a character."""
    return hmac.digest(salt.encode(), entity.encode("utf-8", "surrogatepass"), "sha256").hex()
