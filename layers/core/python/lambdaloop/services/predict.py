"""Answers rows and writes down what was answered."""

import hmac
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lambdaloop.domain.assignment import AssignmentKind
from lambdaloop.domain.capture import capture_line, is_captured
from lambdaloop.domain.encoding import RowProblem, RowsInvalidError
from lambdaloop.domain.experiment_pin import Assignment
from lambdaloop.domain.prediction import Output, Prediction
from lambdaloop.domain.prediction_id import new_prediction_id
from lambdaloop.domain.retry_key import RetryKey
from lambdaloop.domain.row_schema import MAX_ENTITY
from lambdaloop.services.load_model import LoadedModel

if TYPE_CHECKING:
    from lambdaloop.ports import PredictionLog
    from lambdaloop.services.look_up_features import CompletedRows


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
    request_id: str,
    event_time: datetime,
    capture: Capture | None,
    ask: Callable[[str], None] | None = None,
    retry: RetryKey | None = None,
    completed: "CompletedRows | None" = None,
) -> list[Prediction]:
    """One prediction per row; of these, the share that `capture` asks for is written down.

    `completed` has the same rows with what was looked up for them: these are predicted and written down.

    With the same `retry` key, the same rows get the same ids, arms and event time as the first time.

    A row's own entity column goes before `entity_id`. In an experiment, each row is answered by the arm of its entity, or
    of the request where it has none; `ask` is told each arm before it is asked, so that a failure is known to be its. Raises RowsInvalidError with every problem; then nothing is captured.
    """
    started = time.perf_counter()
    entities = entities_of(rows, column=loaded.model.signature.entity, default=entity_id)
    asked, rows = rows, completed.rows if completed else rows
    if retry:
        request_id, event_time = retry.text, retry.time
    if loaded.pin.experiment is None:
        outputs = loaded.model.predict(rows)
        latencies = [(time.perf_counter() - started) * 1000] * len(outputs)
        predictions = [_prediction(output, by=loaded, event_time=event_time) for output in outputs]
    else:
        assignments = [loaded.pin.experiment.assign(entity, request=request_id) for entity in entities]
        predictions, latencies = _assigned(rows, assignments, loaded, event_time, ask)
    if retry:
        predictions = [
            replace(one, prediction_id=retry.prediction_id(row, place=place, entity=entity))
            for place, (one, row, entity) in enumerate(zip(predictions, asked, entities, strict=True))
        ]
    if capture:
        for place, (row, entity, prediction, latency_ms) in enumerate(
            zip(rows, entities, predictions, latencies, strict=True)
        ):
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
                request_id=request_id if prediction.assignment or len(rows) > 1 else None,
                online=completed.outcomes[place] if completed else None,
            )
            capture.log.write(line)
    return predictions


def _prediction(
    output: Output, *, by: LoadedModel, event_time: datetime, assignment: AssignmentKind | None = None
) -> Prediction:
    return Prediction(
        prediction_id=new_prediction_id(event_time),
        output=output,
        variant=by.variant,
        model_version=by.pin.version,
        assignment=assignment,
    )


def _assigned(
    rows: Sequence[Mapping[str, Any]],
    assignments: Sequence[Assignment],
    loaded: LoadedModel,
    event_time: datetime,
    ask: Callable[[str], None] | None,
) -> tuple[list[Prediction], list[float]]:
    """The prediction of each row and how long its arm took; each arm is asked once, for all of its rows."""
    found: dict[int, tuple[Prediction, float]] = {}
    problems: list[RowProblem] = []
    for place, arm in enumerate(loaded.arms):
        numbers = [number for number, one in enumerate(assignments) if one.arm == place]
        if not numbers:
            continue
        if ask:
            ask(arm.variant)
        started = time.perf_counter()
        try:
            outputs = arm.model.predict([rows[number] for number in numbers])
        except RowsInvalidError as error:
            problems += [replace(problem, row=numbers[problem.row]) for problem in error.problems]
            continue
        latency_ms = (time.perf_counter() - started) * 1000
        for number, output in zip(numbers, outputs, strict=True):
            kind = assignments[number].kind
            by = loaded if kind == "outside" else arm
            prediction = _prediction(output, by=by, event_time=event_time, assignment=kind)
            found[number] = (prediction, latency_ms)
    if problems:
        raise RowsInvalidError(sorted(problems, key=lambda problem: problem.row))
    answered = [found[number] for number in range(len(rows))]
    return [prediction for prediction, _ in answered], [latency_ms for _, latency_ms in answered]


def entities_of(
    rows: Sequence[Mapping[str, Any]], *, column: str | None, default: str | None
) -> list[str | None]:
    """Whom each row is about; RowsInvalidError where that is no text and no whole number, or too long."""
    entities: list[str | None] = []
    problems: list[RowProblem] = []
    for number, row in enumerate(rows):
        value = row.get(column) if column else None
        if value is None or value == "":
            entities.append(default or None)  # empty text names nobody
            continue
        text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None
        if text is None or len(text) > MAX_ENTITY:
            problem = (
                f"must be text or a whole number, got a {type(value).__name__}"
                if text is None
                else f"has {len(text)} characters, at most {MAX_ENTITY} are taken"
            )
            problems.append(RowProblem(row=number, field=str(column), problem=problem))
        entities.append(text)
    if problems:
        raise RowsInvalidError(problems)
    return entities


def _hashed(entity: str, salt: str) -> str:
    """Hexadecimal; `surrogatepass` because JSON text may hold half a character."""
    return hmac.digest(salt.encode(), entity.encode("utf-8", "surrogatepass"), "sha256").hex()
