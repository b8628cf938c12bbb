"""The last steps of the training workflow: a version, a recorded reason, a release."""

import json
from typing import Any

import pytest

from functions.close_run.handler import handle as close_run
from functions.register_version.handler import handle as register_version
from functions.start_release.handler import handle as start_release
from lambdaloop.domain.definition_digest import definition_digest
from lambdaloop.domain.documents import Document, to_document
from lambdaloop.domain.errors import DefinitionInvalidError
from lambdaloop.domain.runtime import ChosenRuntime, MeasuredRuntime, Speed
from lambdaloop.domain.splitting import Split
from lambdaloop.domain.version import TrainedOn
from tests.fakes.app import RELEASE_WORKFLOW, FakeApp
from tests.fakes.registry import InMemoryRegistry
from tests.fakes.samples import MODEL, MORNING, artifact, definition, run
from tests.fakes.workflows import FakeWorkflows

CHOSEN: dict[str, Any] = {"name": "compiled", "reason": "exact", "worst_difference": 1e-16, "bytes": 4096}
SPEED = Speed(load_ms=2.5, row_us=60.0, batch_row_us=20.0)
CHECKS = [{"name": "minimum", "metric": "roc_auc", "value": 0.84, "limit": 0.8, "passed": True}]


class Desk:
    def __init__(self) -> None:
        self.registry = InMemoryRegistry()
        self.workflows = FakeWorkflows()
        self.app = FakeApp(registry=self.registry, workflows=self.workflows)


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.registry.start_run(run())
    return desk


def document(**changes: Any) -> Document:
    """What the training workflow carries when all steps have passed."""
    return {
        "run": {"id": "run-1", "model": MODEL, "reason": "new data", "requested_by": "ml-team"},
        "dataset": {
            "manifest": to_document(artifact("dataset.json")),
            "digest": "01" * 32,
            "definition": definition_digest(definition()),
            "rows": 7043,
            "files": 1,
        },
        "evaluation": {
            "winner": "linear",
            "passed": True,
            "metrics": {"roc_auc": 0.84, "log_loss": None},
            "checks": CHECKS,
            "report": to_document(artifact("report.json")),
            "estimator": to_document(artifact("estimator.joblib")),
            "split": to_document(Split.of(definition())),
            "trained_on": {"uploaded": 5000},
        },
        "package": {
            "manifest": to_document(artifact("manifest.json", "cd" * 32)),
            "files": {"bundle.zip": to_document(artifact())},
            "runtime": to_document(ChosenRuntime(**CHOSEN)),
        },
        "parity": {"rows": 200, "worst_difference": 0.0, "speed": to_document(SPEED)},
        **changes,
    }


class TestRegistering:
    def test_a_version_says_where_it_comes_from(self, desk: Desk) -> None:
        assert register_version(document(), desk.app) == {"number": 1}
        version = desk.registry.version(MODEL, 1)
        assert (version.run, version.created_by, version.created_at) == ("run-1", "ml-team", MORNING)
        assert (version.estimator, version.parameters) == ("logistic_regression", {"C": 0.1})
        assert (version.metric, version.metrics) == ("roc_auc", {"roc_auc": 0.84, "log_loss": None})
        assert (version.dataset_digest, version.rows) == ("01" * 32, 7043)
        assert version.digest == "cd" * 32
        assert version.definition_digest == definition_digest(definition())
        assert version.split == Split(kind="hash", fraction=0.2, key_columns=("age", "left", "plan"))
        assert version.trained_on == TrainedOn(uploaded=5000)
        assert version.files == {"bundle.zip": artifact()}
        assert version.runtime == MeasuredRuntime(**CHOSEN, speed=SPEED)
        assert version.gate == {"passed": True, "champion": None, "checks": CHECKS}

    def test_registering_again_gives_the_same_version(self, desk: Desk) -> None:
        assert register_version(document(), desk.app) == register_version(document(), desk.app)
        assert len(desk.registry.versions(MODEL)) == 1

    def test_a_winner_that_the_definition_no_longer_knows_is_refused(self, desk: Desk) -> None:
        changed = document()
        changed["evaluation"]["winner"] = "svm"
        with pytest.raises(DefinitionInvalidError, match="no candidate is called 'svm'"):
            register_version(changed, desk.app)

    def test_a_definition_that_was_deployed_meanwhile_is_refused(self, desk: Desk) -> None:
        changed = document()
        changed["dataset"]["definition"] = "00" * 32
        with pytest.raises(DefinitionInvalidError, match="deployed anew during the run"):
            register_version(changed, desk.app)
        assert not desk.registry.versions(MODEL)


class TestClosing:
    def test_a_rejected_run_keeps_what_the_gate_saw(self, desk: Desk) -> None:
        answer = close_run({"outcome": "rejected", "document": document()}, desk.app)
        assert answer == {"status": "rejected"}
        ended = desk.registry.run(MODEL, "run-1")
        assert ended.outcome["checks"] == CHECKS
        assert ended.outcome["winner"] == "linear"

    def test_a_failed_run_keeps_the_error_without_its_traceback(self, desk: Desk) -> None:
        cause = json.dumps({"errorMessage": "no rows", "errorType": "X", "stackTrace": ["..."]})
        failed = document(error={"Error": "DatasetEmptyError", "Cause": cause})
        assert close_run({"outcome": "failed", "document": failed}, desk.app) == {"status": "failed"}
        ended = desk.registry.run(MODEL, "run-1")
        assert ended.outcome == {"error": "DatasetEmptyError", "message": "no rows"}

    def test_a_run_that_failed_before_it_was_recorded_is_recorded(self) -> None:
        desk = Desk()
        failed = document(error={"Error": "States.Timeout"})
        assert close_run({"outcome": "failed", "document": failed}, desk.app) == {"status": "failed"}
        ended = desk.registry.run(MODEL, "run-1")
        assert (ended.reason, ended.requested_by) == ("new data", "ml-team")

    def test_a_run_that_registered_a_version_before_something_failed_stays_registered(
        self, desk: Desk
    ) -> None:
        register_version(document(), desk.app)
        failed = document(error={"Error": "States.Timeout"})
        assert close_run({"outcome": "failed", "document": failed}, desk.app) == {"status": "registered"}


class TestHandingOver:
    def test_a_version_is_released_once_under_its_own_name(self, desk: Desk) -> None:
        finished = document(version={"number": 3})
        first = start_release(finished, desk.app)
        assert start_release(finished, desk.app) == first
        assert desk.workflows.started == {
            (RELEASE_WORKFLOW, "churn-v3-run-1"): {
                "model": MODEL,
                "version": 3,
                "requested_by": "ml-team",
                "reason": "run run-1 registered version 3",
            }
        }

    def test_names_of_long_runs_stay_within_80_characters_and_apart(self, desk: Desk) -> None:
        for end in ("a", "b"):
            finished = document(version={"number": 3})
            finished["run"]["id"] = "r" * 79 + end
            start_release(finished, desk.app)
        names = [name for _, name in desk.workflows.started]
        assert len(set(names)) == 2
        assert all(len(name) <= 80 for name in names)
