"""A model that was really trained and really answers, and the callers of its canaries: what they ask is predicted, logged and
delivered, and if they say what really happened, that is, too."""

import csv
import gzip
import io
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from functions.start_experiment.handler import handle as start_experiment
from lambdaloop.domain.capture import label_line
from lambdaloop.domain.capture_layout import raw_prefix
from lambdaloop.domain.definition import Gate, ModelDefinition
from lambdaloop.domain.documents import Document, to_document
from lambdaloop.domain.encoding import RowsInvalidError
from lambdaloop.domain.experiment import Arm, ExperimentRules
from lambdaloop.domain.experiment_request import ExperimentRequest
from lambdaloop.domain.feedback import ReceivedLabel
from lambdaloop.domain.gateway_event import ARM_HEADER
from lambdaloop.domain.metrics import Task
from lambdaloop.domain.prediction import Prediction
from lambdaloop.domain.release import Judgement, Release, ReleasePin
from lambdaloop.domain.releasing_rules import Behaviour, ReleaseRules
from lambdaloop.domain.serving_rules import Serving
from lambdaloop.services.load_model import LoadedModel, load_model
from lambdaloop.services.predict import Capture, predict
from tests.fakes.app import FakeApp
from tests.fakes.capture import InMemoryCaptureArchive
from tests.fakes.observer import FakeObserver
from tests.fakes.release_workflow import run_release
from tests.fakes.traffic import InMemoryTraffic
from tests.fakes.workflows import FakeWorkflows
from tests.unit.services.training_run import Workshop
from tests.unit.training.sample_data import FEATURES, definition, sample_csv

READ: Mapping[str, Callable[[str], Any]] = {
    "number": float,
    "integer": int,
    "boolean": lambda text: text == "true",
    "category": str,
}
ACTUAL: Mapping[Task, Callable[[str], Any]] = {"binary": str, "multiclass": int, "regression": float}
NO_GATE = Gate(max_drop=1e6, champion="optional")
"""Lets everything through: what is worse is for the release to find out."""


class Lines:
    """The port PredictionLog."""

    def __init__(self) -> None:
        self.lines: list[Mapping[str, Any]] = []

    def write(self, line: Mapping[str, Any]) -> None:
        self.lines.append(line)


def canary_definition(
    task: Task,
    *,
    captured: Sequence[str] = tuple(FEATURES),
    steps: Sequence[int] = (10, 50, 100),
    **behaviour: Any,
) -> ModelDefinition:
    """The sample definition without a gate; keywords go into the section release.behaviour."""
    rules = ReleaseRules(steps=tuple(steps), behaviour=Behaviour(**behaviour))
    return definition(task, gate=NO_GATE, release=rules, serving=Serving(capture=tuple(captured)))


class TrainedCanary:
    """Versions are trained one after the other, the first one is released at once."""

    def __init__(self, model: ModelDefinition, content: bytes) -> None:
        self.workshop = Workshop(model, content)
        self.archive = InMemoryCaptureArchive()
        self.traffic = InMemoryTraffic(self._answer)
        self.requests_per_bake = 200
        """So few that a judgement asks both versions about all of them, and chance has no part in it."""
        self.labelled = False
        """Whether callers say what really happened, at once."""
        self.logged = True
        self._loaded: dict[tuple[int, int], LoadedModel] = {}
        self._asked = self._requests = 0
        self._world = _rows(model.task, sample_csv(model.task, rows=4000, seed=99))
        self.app = FakeApp(
            clock=self.workshop.clock,
            definition=self.workshop.definition,
            registry=self.workshop.registry,
            artifacts=self.workshop.artifacts,
            archive=self.archive,
            traffic=self.traffic,
            observer=FakeObserver(),
            workflows=FakeWorkflows(),
        )
        assert "closed" in self.release(self.train("run-1"), "first")

    def train(self, run: str, content: bytes | None = None, model: ModelDefinition | None = None) -> int:
        """A version, of this file alone if there is one; returns its number."""
        if model is not None:
            self.workshop.deploy(model)
            self.app.__dict__["definition"] = self.workshop.definition
        if content is not None:
            self.workshop.datasets.upload("sample/part-0.csv", content)
        number: int = self.workshop.run(run)["version"]["number"]
        return number

    def release(self, version: int, execution: str) -> Document:
        """A release under live traffic, to its end."""
        return run_release(self.app, version=version, execution=execution, callers=self._serve)

    def try_arm(self, version: int) -> Document:
        """A release that gives this version half of the requests as the arm `new`, beside the live one."""
        arms = (Arm(name="live", version=1, share=5000), Arm(name="new", version=version, share=5000))
        request = ExperimentRequest(
            id="trial",
            arms=arms,
            rules=ExperimentRules(outcome="reward", smallest_effect=0.1),
            requested_by="ana",
            reason="is it better?",
        )
        start_experiment(to_document(request), self.app)
        [(_, execution)] = self.app.workflows.started  # type: ignore[attr-defined]  # FakeWorkflows
        return run_release(self.app, version=1, execution=execution, experiment="trial", callers=self._serve)

    def last(self) -> Release:
        """The newest release."""
        return self.workshop.registry.releases("sample")[0]

    def judged(self) -> tuple[Judgement, ...]:
        """How the newest release was judged."""
        return self.last().judgements

    def _serve(self, document: Document) -> None:
        """What came in the bake that has just passed."""
        now = self.app.fake_clock.now()
        at = now - timedelta(seconds=document["shift"]["bake_seconds"] / 2)
        release = self.workshop.registry.release("sample", document["opened"]["number"])
        log = Lines()
        part = round(self.requests_per_bake * document["shift"]["weight"])
        self._predict(release, part, at, now, log)
        if release.previous is not None:
            live = self.workshop.registry.release("sample", release.previous)
            self._predict(live, self.requests_per_bake - part, at, now, log)
        if self.logged:
            content = "".join(json.dumps(line) + "\n" for line in log.lines).encode()
            self.archive.save(f"{raw_prefix('sample', now)}{now.timestamp():.0f}.gz", gzip.compress(content))

    def _predict(self, release: Release, count: int, at: datetime, now: datetime, log: Lines) -> None:
        rows, actual = [], []
        for _ in range(count):
            row, truth = self._world[self._asked % len(self._world)]
            self._asked += 1
            rows.append(row)
            actual.append(truth)
        if not rows:
            return
        pin = self.traffic.versions[str(release.lambda_version)]
        assert pin is not None
        capture = Capture(log=log, features=self.app.definition.serving.capture, entity_salt="salt")
        for prediction, truth in zip(self._outputs(pin, rows, at, capture), actual, strict=True):
            if self.labelled:
                label = ReceivedLabel(
                    prediction_id=prediction.prediction_id,
                    actual=truth,
                    observed_at=now,
                )
                log.write(label_line(label, model="sample", received_at=now))

    def _answer(self, pin: ReleasePin | None, event: Document) -> Document:
        """The row API, as far as releases use it."""
        assert pin is not None
        rows, arm = json.loads(event["body"])["rows"], event["headers"].get(ARM_HEADER)
        try:
            found = self._outputs(pin, rows, self.app.fake_clock.now(), None, arm=arm)
        except RowsInvalidError as error:
            details = [{"row": one.row, "field": one.field, "problem": one.problem} for one in error.problems]
            return {"statusCode": 422, "body": json.dumps({"error": "rows", "details": details})}
        predictions = [
            {
                "value": one.output.value,
                "probabilities": one.output.probabilities,
                "variant": one.variant,
                "model_version": one.model_version,
            }
            for one in found
        ]
        return {"statusCode": 200, "body": json.dumps({"predictions": predictions})}

    def _outputs(
        self,
        pin: ReleasePin,
        rows: list[dict[str, Any]],
        at: datetime,
        capture: Capture | None,
        *,
        arm: str | None = None,
    ) -> list[Prediction]:
        loaded = self._loaded.get((pin.release, pin.version))
        if loaded is None:
            loaded = self._loaded[pin.release, pin.version] = load_model(
                pin, artifacts=self.workshop.artifacts
            )
        if capture is None:  # a verification: by the arm that it names, else by the control
            loaded = next((one for one in loaded.arms if one.variant == arm), loaded.alone())
        self._requests += 1
        return predict(
            rows,
            loaded=loaded,
            entity_id=None,
            request_id=f"r-{self._requests}",
            event_time=at,
            capture=capture,
        )


def _rows(task: Task, content: bytes) -> list[tuple[dict[str, Any], Any]]:
    """Rows as callers send them, and what really happened."""
    return [
        (
            {
                name: READ[feature.type](row[name]) if row[name] else None
                for name, feature in FEATURES.items()
            },
            ACTUAL[task](row["outcome"]),
        )
        for row in csv.DictReader(io.StringIO(content.decode(), newline=""))
    ]


def edited_csv(content: bytes, edit: Callable[[dict[str, list[str]]], None]) -> bytes:
    """The file with its columns changed in place."""
    columns, *rows = csv.reader(io.StringIO(content.decode(), newline=""))
    table = {name: [row[place] for row in rows] for place, name in enumerate(columns)}
    edit(table)
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(columns)
    writer.writerows(zip(*table.values(), strict=True))
    return stream.getvalue().encode()
