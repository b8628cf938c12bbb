"""Runs the training workflow's functions one after the other, as the state machine does, on fakes.

As a program it trains every estimator on every task and prints the digests: another process, another hash seed.
"""

import json
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

from functions.check_parity.handler import handle as check_parity
from functions.collect_labelled.handler import handle as collect_labelled
from functions.evaluate_candidates.handler import handle as evaluate_candidates
from functions.package_model.handler import handle as package_model
from functions.register_version.handler import handle as register_version
from functions.resolve_dataset.handler import handle as resolve_dataset
from functions.train_candidate.handler import handle as train_candidate
from functions.validate_dataset.handler import handle as validate_dataset
from lambdaloop.bootstrap import App
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.documents import Document, from_document, to_document
from lambdaloop.domain.version import Version
from tests.fakes.artifacts import InMemoryArtifactStore
from tests.fakes.capture import InMemoryCaptureArchive
from tests.fakes.clock import FakeClock
from tests.fakes.datasets import InMemoryDatasetStore
from tests.fakes.registry import InMemoryRegistry
from tests.unit.training.sample_data import USUAL, candidate, definition, sample_csv


class Workshop:
    """One model's buckets and registry, and the functions that work on them."""

    def __init__(self, model: ModelDefinition, *contents: bytes) -> None:
        self.artifacts = InMemoryArtifactStore()
        self.datasets = InMemoryDatasetStore()
        self.archive = InMemoryCaptureArchive()
        self.registry = InMemoryRegistry()
        self.clock = FakeClock()
        self.deploy(model)
        for number, content in enumerate(contents):
            self.datasets.upload(f"{model.data.location}part-{number}.csv", content)

    def deploy(self, model: ModelDefinition) -> None:
        """The definition reaches functions as JSON."""
        self.definition = from_document(ModelDefinition, json.loads(json.dumps(to_document(model))))

    @property
    def app(self) -> App:
        fakes = SimpleNamespace(
            definition=self.definition,
            artifacts=self.artifacts,
            archive=self.archive,
            datasets=self.datasets,
            registry=self.registry,
            clock=self.clock,
        )
        return cast("App", fakes)

    def until_gate(
        self,
        run: str = "run-1",
        *,
        captured_until: datetime | None = None,
        imported: Document | None = None,
    ) -> Document:
        """The state document after the candidates were evaluated."""
        state: Document = {
            "run": {"id": run, "model": self.definition.name, "reason": "test", "requested_by": "ml-team"}
        }
        if captured_until is not None:
            state["run"]["captured_until"] = captured_until.isoformat()
        if imported is not None:
            state["run"]["imported"] = imported
        state["captured"] = _sent(collect_labelled(state, self.app))
        state["dataset"] = _sent(resolve_dataset(state, self.app))
        state["validation"] = _sent(validate_dataset(state, self.app))
        inputs = [{**state, "candidate": name} for name in state["validation"]["candidates"]]
        state["candidates"] = [_sent(train_candidate(one, self.app)) for one in inputs]
        state["evaluation"] = _sent(evaluate_candidates(state, self.app))
        return state

    def run(
        self,
        run: str = "run-1",
        *,
        captured_until: datetime | None = None,
        imported: Document | None = None,
    ) -> Document:
        """The state document at the end of a run that passes the gate."""
        state = self.until_gate(run, captured_until=captured_until, imported=imported)
        assert state["evaluation"]["passed"], state["evaluation"]["checks"]
        state["package"] = _sent(package_model(state, self.app))
        state["parity"] = _sent(check_parity(state, self.app))
        state["version"] = _sent(register_version(state, self.app))
        return state

    def version(self, state: Document) -> Version:
        return self.registry.version(self.definition.name, state["version"]["number"])

    def make_champion(self, number: int) -> None:
        """What a release does in the end."""
        release = self.registry.open_release(
            model=self.definition.name,
            version=number,
            execution=f"release-{number}",
            requested_by="ml-team",
            reason="test",
            previous_lambda_version="1",
            first=True,
            rules=self.definition.release,
            at=self.clock.now(),
        )
        self.registry.close_release(release, outcome="complete", at=self.clock.advance(60))


def _sent(document: Document) -> Document:
    """Step Functions carries JSON."""
    carried: Document = json.loads(json.dumps(document, allow_nan=False))
    return carried


def digests() -> dict[str, str]:
    """The digest of a version by task and estimator."""
    found: dict[str, str] = {}
    for task, estimators in USUAL.items():
        for estimator in estimators:
            training: dict[str, Any] = {"candidates": (candidate(estimator),), "folds": 2}
            workshop = Workshop(definition(task, training=training), sample_csv(task, rows=240))
            found[f"{task} {estimator}"] = workshop.version(workshop.run()).digest
    return found


if __name__ == "__main__":
    print(json.dumps(digests()))  # noqa: T201
