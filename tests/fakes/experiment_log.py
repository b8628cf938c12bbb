"""What the prediction log holds of an experiment's users: who was answered by which arm, and what turned out to be true."""

import gzip
import json
import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from lambdaloop.domain.capture_layout import raw_prefix
from lambdaloop.domain.documents import Document
from lambdaloop.domain.prediction_id import new_prediction_id
from tests.fakes.capture import InMemoryCaptureArchive
from tests.fakes.samples import MODEL


def exposure(
    unit: str, arm: str, *, at: datetime, release: int = 2, value: str = "yes", **changes: Any
) -> Document:
    """A line about a prediction for an entity."""
    return {
        "schema": 1,
        "kind": "prediction",
        "prediction_id": new_prediction_id(at),
        "model": MODEL,
        "model_version": 1,
        "release": release,
        "experiment": "trial",
        "variant": arm,
        "assignment": "entity",
        "entity": unit,
        "event_time": at.isoformat(),
        "features": {},
        "prediction": value,
        "probabilities": None,
        **changes,
    }


def plain(release: int, *, at: datetime, value: str = "yes", **changes: Any) -> Document:
    """A line about a prediction of a release that serves one version, such as either one of a stateless experiment."""
    known = exposure("", "champion", at=at, release=release, value=value)
    return {**known, "experiment": None, "entity": None, "assignment": None, **changes}


def label(line: Document, actual: str | None, *, at: datetime, reward: float | None = None) -> Document:
    """What turned out to be true, and what it was worth."""
    told = {
        "schema": 1,
        "kind": "label",
        "model": MODEL,
        "prediction_id": line["prediction_id"],
        "actual": actual,
        "reward": reward,
        "observed_at": at.isoformat(),
        "received_at": at.isoformat(),
    }
    return {name: value for name, value in told.items() if value is not None}


def deliver(
    archive: InMemoryCaptureArchive, lines: Iterable[Document], *, at: datetime, name: str = "part"
) -> str:
    """One object of the log; returns its key."""
    key = f"{raw_prefix(MODEL, at)}{name}.gz"
    text = "".join(json.dumps(line) + "\n" for line in lines)
    archive.save(key, gzip.compress(text.encode(), mtime=0))
    return key


def crowd(
    right: dict[str, float], *, units: int, since: datetime, seed: int = 1, release: int = 2
) -> tuple[list[Document], list[Document]]:
    """One prediction for each of so many new entities, evenly over the arms, each right so often; and their labels."""
    chance = random.Random(seed)
    predictions, labels = [], []
    arms = sorted(right)
    for number in range(units):
        at = since + timedelta(milliseconds=number)
        arm = arms[number % len(arms)]
        line = exposure(f"user-{seed}-{number}", arm, at=at, release=release)
        actual = "yes" if chance.random() < right[arm] else "no"
        predictions.append(line)
        labels.append(label(line, actual, at=at + timedelta(minutes=1)))
    return predictions, labels
