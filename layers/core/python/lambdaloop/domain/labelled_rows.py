"""Rows to train on out of the prediction log: what a prediction was asked, and what turned out to be true.

A row is the text that a CSV file of a user would hold, so that training reads both kinds with the same code. Its last
column is the prediction id: it carries the time, orders rows of the same time, and says where the row came from. There is
no column for the entity: the log knows a keyed hash of it at most, which fits nothing in the uploaded data.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from lambdaloop.domain.captured import CapturedPrediction, LineUnreadableError, shown
from lambdaloop.domain.csv_rows import read_csv
from lambdaloop.domain.definition import Label, ModelDefinition
from lambdaloop.domain.encoding import RowEncoder, RowsInvalidError
from lambdaloop.domain.errors import DatasetInvalidError
from lambdaloop.domain.labels import TargetReader
from lambdaloop.domain.prediction_id import time_of
from lambdaloop.domain.signature import Signature

CAPTURED = "captured.csv"
"""The artifact of a run that holds its captured rows."""
PREDICTION_ID = "prediction_id"


def captured_columns(definition: ModelDefinition) -> tuple[str, ...]:
    """The header: features in the definition's order, the target, the prediction id."""
    return (*definition.features, definition.target, PREDICTION_ID)


def uncaptured_features(definition: ModelDefinition) -> tuple[str, ...]:
    """Features that the log does not keep; where there is one, no captured row can be trained on."""
    return tuple(name for name in definition.features if name not in definition.serving.capture)


class LabelledRowWriter:
    """Turns captured predictions into rows that the present definition can train on."""

    def __init__(self, definition: ModelDefinition) -> None:
        self._definition = definition
        self._encoder = RowEncoder(Signature.of(definition))
        self._target = TargetReader(definition.task, definition.classes)

    def row(self, prediction: CapturedPrediction, actual: Label | float | None) -> list[str]:
        """The fields under `captured_columns`; LineUnreadableError when the definition would refuse the row today."""
        given = prediction.features
        lacking = [name for name in self._definition.features if name not in given]
        if lacking:
            raise LineUnreadableError(f"features {', '.join(map(repr, lacking))} were not captured")
        values = {name: given[name] for name in self._definition.features}
        try:
            self._encoder.encode([values])
            fields = [_text(value) for value in values.values()]
        except RowsInvalidError as error:
            raise LineUnreadableError(str(error)) from error
        except UnicodeEncodeError as error:
            raise LineUnreadableError(f"not Unicode: {shown(error.object)}") from error
        return [*fields, self._actual(actual), prediction.prediction_id]

    def _actual(self, actual: Label | float | None) -> str:
        read = self._target.read(actual)
        if read is None:
            raise LineUnreadableError(f"actual is no value of the target: {shown(actual)}")
        return str(self._definition.classes[int(read)]) if self._definition.classes else repr(float(read))


def write_rows(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """The file."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(columns)
    writer.writerows(rows)
    return stream.getvalue().encode()


def row_times(content: bytes) -> tuple[datetime, ...]:
    """When the prediction of each row was made, oldest first."""
    columns, rows = read_csv(content, source=CAPTURED)
    return times_of([row[columns.index(PREDICTION_ID)] for row in rows])


def times_of(prediction_ids: Iterable[str]) -> tuple[datetime, ...]:
    """The times that ids carry; DatasetInvalidError for an id without one."""
    return tuple(_time(each) for each in prediction_ids)


def _time(prediction_id: str) -> datetime:
    at = time_of(prediction_id)
    if at is None:
        raise DatasetInvalidError(f"{CAPTURED}: {shown(prediction_id)} is no prediction id: start a new run")
    return at


def _text(value: Any) -> str:
    """As a CSV file of a user would spell it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value if isinstance(value, str) else repr(value)
    text.encode()
    return text
