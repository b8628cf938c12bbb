"""A released model that is being watched, in memory: tests say what was predicted and what turned out to be true."""

import gzip
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import numpy as np

from lambdaloop.domain.baseline import Baseline
from lambdaloop.domain.capture import capture_line, label_line
from lambdaloop.domain.capture_layout import HOUR, hour_key, raw_prefix, report_key
from lambdaloop.domain.definition import Label, ModelDefinition
from lambdaloop.domain.definition_digest import definition_digest
from lambdaloop.domain.documents import Document, from_document
from lambdaloop.domain.feedback import ReceivedLabel
from lambdaloop.domain.monitoring_rules import Monitoring
from lambdaloop.domain.prediction import Output, Prediction
from lambdaloop.domain.prediction_id import new_prediction_id
from lambdaloop.domain.release import Release, ReleasePin
from lambdaloop.domain.signature import Signature
from lambdaloop.domain.summary import Summary
from lambdaloop.domain.version import BASELINE
from lambdaloop.domain.window import WindowReport
from lambdaloop.monitoring.calibration import fit_calibration
from lambdaloop.monitoring.observing import observe
from lambdaloop.monitoring.profiling import profile_baseline
from lambdaloop.monitoring.reconstruction import fit_reconstruction
from lambdaloop.services.archived_documents import load_record
from lambdaloop.services.ingest_capture import Bounds
from lambdaloop.services.watch_model import WatchPorts, watch_model
from tests.fakes.artifacts import InMemoryArtifactStore
from tests.fakes.capture import InMemoryCaptureArchive
from tests.fakes.clock import FakeClock
from tests.fakes.datasets import InMemoryDatasetStore
from tests.fakes.governed_model import GovernedRegistry
from tests.fakes.samples import MODEL, MORNING, artifact, definition, draft, rules, run
from tests.fakes.watching import FakeServed, FakeWatchMetrics

TRAINED = 2000


def watched_definition(**monitoring: Any) -> ModelDefinition:
    """The sample definition with everything captured; keywords go into its monitoring section."""
    sample = definition()
    return replace(
        sample,
        serving=replace(sample.serving, capture=tuple(sample.features)),
        monitoring=from_document(Monitoring, {"segments": ["plan"], **monitoring}),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row, what the model says to it, and what is true."""

    age: float | None
    plan: str | None
    score: float
    """Of the class yes."""
    actual: Label


def rows(count: int, *, seed: int = 1, shift: float = 0.0, flip: float = 0.0) -> list[Row]:
    """Rows whose truth follows the score; `shift` moves the ages, `flip` is the share of turned truths."""
    random = np.random.default_rng(seed)
    found = []
    for age, plan, chance, turned in zip(
        random.normal(40 + shift, 10, count).tolist(),
        random.choice(["a", "b"], count).tolist(),
        random.random(count).tolist(),
        (random.random(count) < flip).tolist(),
        strict=True,
    ):
        score = 1 / (1 + np.exp(-(age - 40) / 5))
        truth = (chance < score) != turned
        found.append(Row(age=age, plan=plan, score=float(score), actual="yes" if truth else "no"))
    return found


def columns(some: Sequence[Row]) -> dict[str, Any]:
    """As monitoring takes them."""
    plans = np.empty(len(some), dtype=object)
    plans[:] = [row.plan for row in some]
    return {"age": np.array([row.age for row in some], dtype=np.float64), "plan": plans}


def baseline(of: ModelDefinition, some: Sequence[Row]) -> Baseline:
    """What a training on these rows would leave behind."""
    signature = Signature.of(of)
    scores = np.array([[1 - row.score, row.score] for row in some])
    target = np.array([row.actual == "yes" for row in some], dtype=np.int64)
    reconstruction = fit_reconstruction(columns(some), signature)
    return Baseline(
        profile=profile_baseline(
            columns(some), scores, holdout=columns(some), signature=signature, reconstruction=reconstruction
        ),
        outcomes=observe(signature.task, signature.classes, target, scores),
        calibration=fit_calibration(target, scores, signature.classes),
        reconstruction=reconstruction,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A prediction that was made, and its line in the log."""

    prediction_id: str
    at: datetime
    row: Row
    line: bytes


class WatchedModel:
    """One model in production with its capture bucket."""

    def __init__(self, of: ModelDefinition | None = None, *, released: bool = True) -> None:
        self.definition = of or watched_definition()
        self.clock = FakeClock()
        self.registry = GovernedRegistry()
        self.artifacts = InMemoryArtifactStore()
        self.archive = InMemoryCaptureArchive()
        self.datasets = InMemoryDatasetStore()
        self.served = FakeServed()
        self.metrics = FakeWatchMetrics()
        self._objects = 0
        if released:
            self.release()

    def release(self, content: bytes | None = None) -> Release:
        """Train and release a version; `content` in place of its baseline."""
        number = len(self.registry.versions(MODEL)) + 1
        at = self.clock.now() - timedelta(days=30)
        self.registry.start_run(run(f"run-{number}"))
        file = self.artifacts.put(
            MODEL,
            BASELINE,
            _usual_baseline() if content is None else content,
        )
        made = draft(f"run-{number}")
        self.registry.register_version(
            replace(
                made,
                files={**made.files, BASELINE: file},
                definition_digest=definition_digest(self.definition),
            ),
            by="train",
            at=at,
        )
        opened = self.registry.open_release(
            model=MODEL,
            version=number,
            execution=f"release-{number}",
            requested_by="ml-team",
            reason="test",
            previous_lambda_version="1",
            first=number == 1,
            rules=rules(),
            at=at,
        )
        return self.registry.close_release(opened, outcome="live", at=at)

    # What happens in the world

    def predict(
        self,
        some: Iterable[Row],
        *,
        at: datetime = MORNING - HOUR,
        every: float = 0.1,
        release: int = 1,
        version: int = 1,
        variant: str = "champion",
    ) -> list[Made]:
        """Answer rows, one after the other; deliver their lines with `deliver`."""
        made = []
        for number, row in enumerate(some):
            moment = at + timedelta(seconds=every * number)
            identity = new_prediction_id(moment)
            prediction = Prediction(
                prediction_id=identity,
                output=Output(
                    value="yes" if row.score > 0.5 else "no",
                    probabilities={"no": 1 - row.score, "yes": row.score},
                ),
                variant=variant,
                model_version=version,
            )
            line = capture_line(
                prediction,
                release=ReleasePin(model=MODEL, release=release, version=version, bundle=artifact()),
                entity=None,
                event_time=moment,
                features={"age": row.age, "plan": row.plan},
                latency_ms=1.0,
            )
            made.append(Made(prediction_id=identity, at=moment, row=row, line=_json(line)))
        return made

    def label(
        self,
        prediction: str,
        actual: Any,
        *,
        reward: float | None = None,
        observed_at: datetime,
        received_at: datetime | None = None,
    ) -> bytes:
        """The line of a label."""
        return _json(
            label_line(
                ReceivedLabel(
                    prediction_id=prediction, actual=actual, reward=reward, observed_at=observed_at
                ),
                model=MODEL,
                received_at=received_at or observed_at,
            )
        )

    def labels(self, made: Iterable[Made], *, after: timedelta = HOUR) -> list[bytes]:
        """The lines of the true labels."""
        return [self.label(each.prediction_id, each.row.actual, observed_at=each.at + after) for each in made]

    def deliver(self, lines: Iterable[bytes], *, at: datetime | None = None, name: str = "") -> str:
        """What Firehose does: one object under its hour of arrival."""
        self._objects += 1
        key = f"{raw_prefix(MODEL, at or self.clock.now())}{name or f'{self._objects:06d}'}.gz"
        self.archive.objects[key] = gzip.compress(b"".join(line + b"\n" for line in lines), mtime=0)
        return key

    # What the watch does and finds

    @property
    def ports(self) -> WatchPorts:
        return WatchPorts(
            versions=self.registry,
            artifacts=self.artifacts,
            archive=self.archive,
            datasets=self.datasets,
            windows=self.registry,
            leases=self.registry,
            served=self.served,
            metrics=self.metrics,
            clock=self.clock,
        )

    def watch(
        self, at: datetime | None = None, *, bounds: Bounds | None = None, owner: str = "watch"
    ) -> WindowReport:
        """Run the watch."""
        return watch_model(
            self.definition, at=at or self.clock.now(), owner=owner, ports=self.ports, bounds=bounds
        )

    def hour(self, at: datetime = MORNING - HOUR) -> Summary:
        """The summary of an hour."""
        found = load_record(self.archive, hour_key(MODEL, at), Summary)
        return found or Summary(model=MODEL, start=at, end=at + HOUR)

    def full_report(self, end: datetime = MORNING) -> WindowReport:
        """As it lies in the capture bucket."""
        found = load_record(self.archive, report_key(MODEL, end), WindowReport)
        assert found is not None
        return found

    def quarantined(self) -> list[Document]:
        """Every line in quarantine."""
        keys = self.archive.keys("quarantine/")
        texts = [gzip.decompress(self.archive.objects[key]).decode() for key in keys]
        return [json.loads(line) for text in texts for line in text.splitlines()]


@cache
def _usual_baseline() -> bytes:
    """Nothing in it depends on the monitoring section."""
    return baseline(watched_definition(), rows(TRAINED)).to_json()


def _json(line: Document) -> bytes:
    return json.dumps(line, separators=(",", ":")).encode()
