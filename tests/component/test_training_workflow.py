"""The training workflow from CSV to registered version, function by function."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from functions.check_parity.handler import handle as check_parity
from functions.evaluate_candidates.handler import handle as evaluate_candidates
from functions.package_model.handler import handle as package_model
from functions.register_version.handler import handle as register_version
from functions.train_candidate.handler import handle as train_candidate
from functions.validate_dataset.handler import handle as validate_dataset
from lambdaloop.domain.bundle import unpack_bundle
from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import DefinitionInvalidError
from lambdaloop.domain.metrics import METRICS_OF_TASK, Task
from lambdaloop.domain.schema_inference import infer_definition
from lambdaloop.domain.splitting import Split
from lambdaloop.domain.version import BASELINE, BUNDLE, ENVIRONMENT, ESTIMATOR, LOSS, REPORT
from lambdaloop.monitoring.estimates import estimates
from lambdaloop.services.load_baseline import load_baseline, load_expected_loss
from tests.unit.services.training_run import Workshop, digests
from tests.unit.training.sample_data import USUAL, candidate, definition, sample_csv

ROOT = Path(__file__).parents[2]
REAL_DATA = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="module", params=["binary", "multiclass", "regression"])
def finished(request: pytest.FixtureRequest) -> tuple[Task, Workshop, Document]:
    task: Task = request.param
    workshop = Workshop(definition(task), sample_csv(task), sample_csv(task, seed=1))
    return task, workshop, workshop.run()


def test_a_run_ends_with_a_version_that_knows_where_it_came_from(
    finished: tuple[Task, Workshop, Document],
) -> None:
    task, workshop, state = finished
    version = workshop.version(state)
    assert version.number == 1
    assert version.rows == 800
    assert version.dataset_digest == state["dataset"]["digest"]
    assert tuple(version.metrics) == METRICS_OF_TASK[task]
    assert all(value is not None for value in version.metrics.values())
    assert version.estimator in USUAL[task]
    assert workshop.registry.run("sample", "run-1").reason == "test"


def test_the_manifest_lists_the_files_by_their_content(finished: tuple[Task, Workshop, Document]) -> None:
    task, workshop, state = finished
    version = workshop.version(state)
    manifest = json.loads(workshop.artifacts.get(version.manifest))
    loss = {LOSS} if task == "regression" else set()
    assert set(manifest["files"]) == {BUNDLE, ESTIMATOR, BASELINE, ENVIRONMENT} | loss
    assert set(version.files) == {*manifest["files"], REPORT}
    for name, listed in manifest["files"].items():
        assert listed == {"sha256": version.files[name].sha256, "size": version.files[name].size}
    assert manifest["dataset"] == version.dataset_digest


def test_the_bundle_was_proven_exact_on_its_golden_rows(finished: tuple[Task, Workshop, Document]) -> None:
    task, workshop, state = finished
    version = workshop.version(state)
    bundle = unpack_bundle(workshop.artifacts.get(version.files[BUNDLE]))
    assert bundle.signature.task == task
    assert state["parity"]["rows"] == len(bundle.golden().rows) > 70
    assert state["parity"]["worst_difference"] < 1e-12


def test_the_baseline_counts_the_training_rows_only(finished: tuple[Task, Workshop, Document]) -> None:
    _, workshop, state = finished
    baseline = load_baseline(workshop.version(state), artifacts=workshop.artifacts)
    assert baseline.profile.rows == state["validation"]["training_rows"]
    assert baseline.profile.prediction.rows == state["validation"]["holdout_rows"]
    assert baseline.outcomes.rows == state["validation"]["holdout_rows"]


def test_the_baseline_knows_how_good_the_version_was_on_the_holdout(
    finished: tuple[Task, Workshop, Document],
) -> None:
    task, workshop, state = finished
    baseline = load_baseline(workshop.version(state), artifacts=workshop.artifacts)
    found = estimates(baseline.outcomes, task)
    for name, value in state["evaluation"]["metrics"].items():
        binned = name in ("roc_auc", "average_precision", "roc_auc_ovr")
        assert found[name].value == pytest.approx(value, abs=0.02 if binned else 1e-9), name


def test_only_a_regression_comes_with_a_model_of_its_errors(
    finished: tuple[Task, Workshop, Document],
) -> None:
    task, workshop, state = finished
    loss = load_expected_loss(workshop.version(state), artifacts=workshop.artifacts)
    assert (loss is not None) == (task == "regression")


def test_the_report_tells_candidates_holdout_and_gate(finished: tuple[Task, Workshop, Document]) -> None:
    task, workshop, state = finished
    version = workshop.version(state)
    report = json.loads(workshop.artifacts.get(version.files[REPORT]))
    assert [one["name"] for one in report["candidates"]] == list(USUAL[task])
    assert report["winner"] == state["evaluation"]["winner"]
    assert report["holdout"] == state["evaluation"]["metrics"]
    assert report["gate"] == state["evaluation"]["checks"]
    assert report["champion"] is None


def test_the_version_keeps_how_its_holdout_was_chosen(finished: tuple[Task, Workshop, Document]) -> None:
    _, workshop, state = finished
    version = workshop.version(state)
    report = json.loads(workshop.artifacts.get(version.files[REPORT]))
    assert report["split"] == {"kind": "hash", "fraction": 0.2, "key_columns": ["customer"]}
    assert version.split == Split(kind="hash", fraction=0.2, key_columns=("customer",))


@pytest.mark.parametrize(
    "step", [validate_dataset, train_candidate, evaluate_candidates, package_model, register_version]
)
def test_a_definition_deployed_during_a_run_stops_it_at_every_step(step: Any) -> None:
    model = definition(training={"candidates": (candidate("logistic_regression"),)})
    workshop = Workshop(model, sample_csv())
    state = workshop.until_gate()
    state["package"] = package_model(state, workshop.app)
    state["parity"] = check_parity(state, workshop.app)
    workshop.deploy(replace(model, classes=("yes", "no")))
    with pytest.raises(DefinitionInvalidError, match="deployed anew during the run: start a new run"):
        step({**state, "candidate": "logistic_regression"}, workshop.app)
    assert not workshop.registry.versions("sample")


def test_state_documents_are_small_and_hold_no_data(finished: tuple[Task, Workshop, Document]) -> None:
    assert len(json.dumps(finished[2])) < 10_000


def test_the_same_data_code_and_seed_give_the_same_version_in_another_process() -> None:
    other = subprocess.Popen(
        [sys.executable, "-m", "tests.unit.services.training_run"],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": "4711"},
        stdout=subprocess.PIPE,
        text=True,
    )
    with other:
        here = digests()
        there = json.loads(other.communicate()[0])
    assert len(set(here.values())) == 9
    assert there == here


def test_another_seed_gives_another_version() -> None:
    found = set()
    for seed in (1, 2):
        workshop = Workshop(definition(training={"seed": seed}), sample_csv())
        found.add(workshop.version(workshop.run()).digest)
    assert len(found) == 2


@pytest.mark.skipif(not REAL_DATA.exists(), reason="the real data sets lie beside the checkout only")
def test_churn_is_learned_well_from_real_data_without_hand_edits() -> None:
    content = (REAL_DATA / "telco_churn.csv").read_bytes()
    model = infer_definition(content, name="churn", target="Churn", entity="customerID").definition
    linear = replace(model.training, candidates=model.training.candidates[:1])  # the demo trains them all
    workshop = Workshop(replace(model, training=linear), content)
    state = workshop.run()
    assert state["evaluation"]["metrics"]["roc_auc"] >= 0.83
    assert state["parity"]["worst_difference"] < 1e-12
    signature = unpack_bundle(workshop.artifacts.get(workshop.version(state).files[BUNDLE])).signature
    assert "customerID" not in signature.features
