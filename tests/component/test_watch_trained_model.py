"""The watch on models that were really trained and really answer, for each task: what training left fits what is captured."""

import csv
import gzip
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from lambdaloop.domain.capture import label_line
from lambdaloop.domain.capture_layout import HOUR, raw_prefix
from lambdaloop.domain.feedback import ReceivedLabel
from lambdaloop.domain.metrics import Task
from lambdaloop.domain.monitoring_rules import Monitoring
from lambdaloop.domain.release import ReleasePin
from lambdaloop.domain.serving_rules import Serving
from lambdaloop.domain.version import BUNDLE
from lambdaloop.domain.window import WindowReport
from lambdaloop.services.load_model import load_model
from lambdaloop.services.predict import Capture, predict
from lambdaloop.services.watch_model import WatchPorts, watch_model
from tests.fakes.capture import InMemoryCaptureArchive
from tests.fakes.governed_model import WindowShelf
from tests.fakes.watching import FakeServed, FakeWatchMetrics
from tests.unit.services.training_run import Workshop
from tests.unit.training.sample_data import FEATURES, candidate, definition, sample_csv

ACTUAL: Mapping[Task, Callable[[str], Any]] = {"binary": str, "multiclass": int, "regression": float}
READ: Mapping[str, Callable[[str], Any]] = {
    "number": float,
    "integer": int,
    "boolean": lambda text: text == "true",
    "category": str,
}


class Lines:
    """The port PredictionLog."""

    def __init__(self) -> None:
        self.lines: list[Mapping[str, Any]] = []

    def write(self, line: Mapping[str, Any]) -> None:
        self.lines.append(line)


def live(task: Task) -> Workshop:
    """A trained version that is the champion."""
    estimator = candidate("ridge" if task == "regression" else "logistic_regression")
    workshop = Workshop(
        definition(
            task,
            training={"candidates": (estimator,), "folds": 2},
            serving=Serving(capture=tuple(FEATURES)),
            monitoring=Monitoring(segments=("plan", "active")),
        ),
        sample_csv(task, rows=1200),
    )
    state = workshop.run()
    workshop.make_champion(state["version"]["number"])
    return workshop


def watched(workshop: Workshop, task: Task, *, seed: int, stretch: float = 1.0) -> WindowReport:
    """Answer fresh rows, capture them, label them, watch."""
    workshop.clock.advance(4 * 3600)
    now = workshop.clock.now()
    table = list(csv.DictReader(io.StringIO(sample_csv(task, rows=400, seed=seed).decode(), newline="")))
    rows: list[dict[str, Any]] = [
        {name: READ[feature.type](row[name]) if row[name] else None for name, feature in FEATURES.items()}
        for row in table
    ]
    for row in rows:
        row["amount"] *= stretch
    version = workshop.registry.version("sample", 1)
    pin = ReleasePin(model="sample", release=1, version=1, bundle=version.files[BUNDLE])
    log = Lines()
    capture = Capture(log=log, features=workshop.definition.serving.capture, entity_salt="salt")
    loaded = load_model(pin, artifacts=workshop.artifacts)
    answers = predict(
        rows, loaded=loaded, entity_id=None, request_id="request", event_time=now - 2 * HOUR, capture=capture
    )
    for row, answer in zip(table, answers, strict=True):
        label = ReceivedLabel(
            prediction_id=answer.prediction_id,
            actual=ACTUAL[task](row["outcome"]),
            observed_at=now - HOUR,
        )
        log.write(label_line(label, model="sample", received_at=now - HOUR))
    archive = InMemoryCaptureArchive()
    content = "".join(json.dumps(line) + "\n" for line in log.lines).encode()
    archive.save(f"{raw_prefix('sample', now)}1.gz", gzip.compress(content))
    return watch_model(
        workshop.definition,
        at=now,
        owner="watch",
        ports=WatchPorts(
            versions=workshop.registry,
            artifacts=workshop.artifacts,
            archive=archive,
            datasets=workshop.datasets,
            windows=WindowShelf(),
            leases=workshop.registry,
            served=FakeServed(400),
            metrics=FakeWatchMetrics(),
            clock=workshop.clock,
        ),
    )


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_trained_model_is_watched_from_its_own_capture_lines(task: Task) -> None:
    workshop = live(task)
    report = watched(workshop, task, seed=1)
    assert (report.quarantined, report.new_rows, report.new_labels) == (0, 400, 400)
    assert report.status == "ok", report.reason
    assert report.capture_loss == 0
    assert report.drift is not None
    assert report.drift.features.keys() == FEATURES.keys()
    assert report.drift.multivariate is not None
    assert report.performance is not None
    assert report.estimated is not None
    metric = workshop.definition.training.metric
    real, estimated = report.performance.metrics[metric], report.estimated.metrics[metric]
    assert real.value is not None
    assert estimated.value is not None
    assert report.estimator_error is not None
    assert report.estimator_error == pytest.approx(estimated.value - real.value)
    assert abs(report.estimator_error) < 0.3 * abs(real.value)
    assert report.performance.drop == 0
    assert (
        sum(each.rows for name, each in report.segment_performance.items() if name.startswith("plan=")) == 400
    )


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_feature_in_another_unit_is_drift(task: Task) -> None:
    report = watched(live(task), task, seed=2, stretch=100.0)
    assert report.status == "drift"
    assert report.drift is not None
    assert report.drift.drifted[0] == "amount"


def test_features_that_are_not_captured_are_not_watched_and_the_others_are() -> None:
    workshop = live("regression")
    few = {"serving": Serving(capture=("age", "plan")), "monitoring": Monitoring(segments=("plan",))}
    workshop.deploy(replace(workshop.definition, **few))  # type: ignore[arg-type]
    report = watched(workshop, "regression", seed=1)
    assert report.drift is not None
    assert report.drift.features.keys() == {"age", "plan"}
    assert report.drift.multivariate is None
    assert report.estimated is not None
