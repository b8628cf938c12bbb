"""What reading and profiling the log costs, against nothing but parsing its lines in the same run."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np

from lambdaloop.domain.baseline import Baseline
from lambdaloop.domain.capture_layout import HOUR
from lambdaloop.domain.definition import Feature
from lambdaloop.domain.prediction_id import new_prediction_id
from lambdaloop.domain.serving_rules import Serving
from lambdaloop.domain.signature import Signature
from lambdaloop.monitoring.calibration import fit_calibration
from lambdaloop.monitoring.observing import observe
from lambdaloop.monitoring.profiling import profile_baseline
from lambdaloop.monitoring.reconstruction import fit_reconstruction
from tests.fakes.samples import MODEL, MORNING
from tests.fakes.watched_model import WatchedModel, columns, rows, watched_definition

LINES = 20_000
NUMBERS = [f"number_{place}" for place in range(20)]
CATEGORIES = [f"category_{place}" for place in range(5)]


def watched() -> WatchedModel:
    """A released model of 25 features, all captured."""
    numbers = {name: Feature(type="number") for name in NUMBERS}
    categories = {name: Feature(type="category", categories=("a", "b")) for name in CATEGORIES}
    features = {**numbers, **categories}
    plain = watched_definition(segments=[])
    definition = replace(plain, features=features, serving=Serving(capture=tuple(features)))
    sample = rows(2000)
    some = columns(sample)
    many = {name: some["plan" if name in CATEGORIES else "age"] for name in features}
    scores = np.array([[1 - row.score, row.score] for row in sample])
    target = np.array([row.actual == "yes" for row in sample], dtype=np.int64)
    signature = Signature.of(definition)
    reconstruction = fit_reconstruction(many, signature)
    profile = profile_baseline(many, scores, holdout=many, signature=signature, reconstruction=reconstruction)
    model = WatchedModel(definition, released=False)
    model.release(
        Baseline(
            profile=profile,
            outcomes=observe("binary", signature.classes, target, scores),
            calibration=fit_calibration(target, scores, signature.classes),
            reconstruction=reconstruction,
        ).to_json()
    )
    return model


def lines(model: WatchedModel) -> list[bytes]:
    """An hour's traffic."""
    (made,) = model.predict(rows(1))
    pattern = json.loads(made.line)
    found = []
    for place, row in enumerate(rows(LINES, seed=2)):
        at = MORNING - HOUR + timedelta(seconds=0.1 * place)
        age = (row.age or 0.0) + place % 7
        line = {
            **pattern,
            "prediction_id": new_prediction_id(at),
            "event_time": at.isoformat(),
            "features": {**dict.fromkeys(NUMBERS, age), **dict.fromkeys(CATEGORIES, row.plan)},
            "probabilities": {"no": 1 - row.score, "yes": row.score},
        }
        found.append(json.dumps(line, separators=(",", ":")).encode())
    return found


def seconds(work: Callable[[], object]) -> float:
    """Of processor time: other processes do not count."""
    started = time.process_time()
    work()
    return time.process_time() - started


def test_the_watch_of_an_hour_costs_a_few_times_the_parsing_of_its_lines() -> None:
    model = watched()
    log = lines(model)
    parsing = min(seconds(lambda: [json.loads(line) for line in log]) for _ in range(3))
    model.deliver(log)
    watching = seconds(model.watch)
    assert model.registry.windows(MODEL)[0].new_rows == LINES
    assert watching < 8 * parsing
