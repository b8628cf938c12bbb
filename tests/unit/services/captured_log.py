"""Writes a prediction log as the inference function and Firehose would: who predicted what, and what turned out to be true."""

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from lambdaloop.domain.capture import capture_line, label_line
from lambdaloop.domain.capture_layout import raw_prefix
from lambdaloop.domain.documents import Document
from lambdaloop.domain.feedback import ReceivedLabel
from lambdaloop.domain.prediction import Output, Prediction
from lambdaloop.domain.prediction_id import new_prediction_id
from lambdaloop.domain.release import ReleasePin
from tests.fakes.capture import InMemoryCaptureArchive
from tests.fakes.samples import artifact
from tests.unit.training.sample_data import FEATURES


def prediction_line(
    features: Mapping[str, Any], *, at: datetime, model: str = "sample", prediction_id: str | None = None
) -> Document:
    """What inference writes about one row."""
    prediction = Prediction(
        prediction_id=prediction_id or new_prediction_id(at),
        output=Output(value="no", probabilities={"no": 0.75, "yes": 0.25}),
        variant="champion",
        model_version=1,
    )
    pin = ReleasePin(release=1, model=model, version=1, bundle=artifact())
    return capture_line(
        prediction, release=pin, entity="hash", event_time=at, features=features, latency_ms=1.0
    )


def feedback_line(
    prediction_id: str,
    actual: Any,
    *,
    at: datetime,
    received_at: datetime | None = None,
    reward: float | None = None,
) -> Document:
    """What inference writes about one label; it was observed at that time."""
    label = ReceivedLabel(prediction_id=prediction_id, actual=actual, reward=reward, observed_at=at)
    return label_line(label, model="sample", received_at=received_at or at)


def deliver(
    archive: InMemoryCaptureArchive,
    lines: Iterable[Document | str],
    *,
    at: datetime,
    name: str = "part",
    model: str = "sample",
) -> str:
    """One object of that hour; returns its key."""
    text = "".join(line + "\n" if isinstance(line, str) else json.dumps(line) + "\n" for line in lines)
    key = f"{raw_prefix(model, at)}{name}.gz"
    archive.save(key, gzip.compress(text.encode(), mtime=0))
    return key


def log_rows(
    archive: InMemoryCaptureArchive,
    rows: Iterable[tuple[Mapping[str, Any], Any]],
    *,
    since: datetime,
    every: timedelta = timedelta(hours=1),
    delay: timedelta = timedelta(days=1),
) -> datetime:
    """Features and truth, one prediction after the other, each labelled later; returns when the last label came."""
    at = since
    for number, (features, actual) in enumerate(rows):
        line = prediction_line(features, at=at)
        deliver(archive, [line], at=at, name=f"{number:06d}-row")
        truth = feedback_line(line["prediction_id"], actual, at=at + delay)
        deliver(archive, [truth], at=at + delay, name=f"{number:06d}-truth")
        at += every
    return at - every + delay


def rows_of(content: bytes, *, turned: bool = False) -> list[tuple[Mapping[str, Any], str]]:
    """A file of `sample_csv` as requests and truths; `turned` makes every yes a no."""
    read: dict[str, Callable[[str], Any]] = {
        "number": float,
        "integer": int,
        "boolean": lambda text: text == "true",
        "category": str,
    }
    other = {"yes": "no", "no": "yes"}
    return [
        (
            {
                name: read[feature.type](row[name]) if row[name] else None
                for name, feature in FEATURES.items()
            },
            other[row["outcome"]] if turned else row["outcome"],
        )
        for row in csv.DictReader(io.StringIO(content.decode(), newline=""))
    ]
