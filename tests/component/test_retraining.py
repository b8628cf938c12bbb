"""The training workflow of a governed retraining: what was captured and labelled since, against the champion."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.collect_labelled.handler import handle as collect_labelled
from functions.resolve_dataset.handler import handle as resolve_dataset
from functions.validate_dataset.handler import handle as validate_dataset
from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.candidate import Candidate
from lambdaloop.domain.dataset import Dataset
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.documents import Document, from_document
from lambdaloop.domain.errors import DatasetEmptyError, DefinitionInvalidError
from lambdaloop.domain.monitoring_rules import Monitoring, Retraining
from lambdaloop.domain.serving_rules import Serving
from lambdaloop.domain.version import ESTIMATOR, REPORT, TrainedOn, Version
from lambdaloop.monitoring.estimates import estimates
from lambdaloop.services.load_baseline import load_baseline
from lambdaloop.training.estimator_files import load_estimator
from tests.unit.services.captured_log import log_rows, rows_of
from tests.unit.services.training_run import Workshop
from tests.unit.training.sample_data import FEATURES, candidate, definition, sample_csv

DAY = timedelta(days=1)


def model(**retraining: Any) -> ModelDefinition:
    return definition(
        training={"candidates": (candidate("logistic_regression"),)},
        serving=Serving(capture=tuple(FEATURES)),
        monitoring=Monitoring(min_labels=60),
        retraining=Retraining(**retraining),
    )


def champion(of: ModelDefinition) -> Workshop:
    """A workshop with a champion that was trained on uploaded data."""
    workshop = Workshop(of, sample_csv())
    workshop.make_champion(workshop.run()["version"]["number"])
    workshop.clock.advance(3600)
    return workshop


def capture(workshop: Workshop, *, seed: int = 1, turned: bool = True) -> datetime:
    """Four hundred predictions, one each hour, whose truth is known a day later; returns when all of it is known."""
    now = log_rows(
        workshop.archive, rows_of(sample_csv(seed=seed), turned=turned), since=workshop.clock.now()
    )
    workshop.clock.advance((now - workshop.clock.now()).total_seconds())
    return now


@pytest.fixture(scope="module")
def retrained() -> tuple[Workshop, Document]:
    """The world has turned: a new model learns that, and passes."""
    workshop = champion(model(original_weight=0))
    return workshop, workshop.run("run-2", captured_until=capture(workshop))


def version(retrained: tuple[Workshop, Document]) -> Version:
    workshop, state = retrained
    return workshop.version(state)


def dataset(workshop: Workshop, state: Document) -> Dataset:
    manifest = from_document(Artifact, state["dataset"]["manifest"])
    return from_document(Dataset, json.loads(workshop.artifacts.get(manifest)))


def champion_check(state: Document) -> Document:
    [check] = [check for check in state["evaluation"]["checks"] if check["name"] == "champion"]
    found: Document = check
    return found


def test_a_model_that_learned_the_change_replaces_one_that_did_not(
    retrained: tuple[Workshop, Document],
) -> None:
    _, state = retrained
    check = champion_check(state)
    assert check["passed"]
    assert check["value"] > 0.8
    assert check["limit"] < 0.3
    assert "it must be better" in check["reason"]
    assert "may have seen" not in check["reason"]


def test_the_version_says_what_it_was_trained_on(retrained: tuple[Workshop, Document]) -> None:
    workshop, state = retrained
    found = version(retrained)
    until = datetime.fromisoformat(state["run"]["captured_until"])
    assert found.trained_on == TrainedOn(uploaded=0, captured=400, captured_until=until, refitted=True)
    assert found.rows == 400
    assert found.split is not None
    assert (found.split.kind, found.split.until) == ("recent", until - DAY)
    assert found.split.since == until - DAY - 79 * timedelta(hours=1)
    assert workshop.registry.run("sample", "run-2").captured_until == until
    assert workshop.registry.run("sample", "run-2").captured == "400 captured rows with labels"
    first = workshop.registry.run("sample", "run-1")
    assert (first.captured_until, first.captured) == (None, None)


def test_the_dataset_names_the_captured_rows_and_its_digest_counts_them(
    retrained: tuple[Workshop, Document],
) -> None:
    workshop, state = retrained
    found = dataset(workshop, state)
    assert found.captured is not None
    assert (found.files, found.captured.rows, found.captured.held_out) == ((), 400, 80)
    other = replace(found.captured, file=replace(found.captured.file, sha256="00" * 32))
    assert replace(found, captured=other).digest != found.digest == state["dataset"]["digest"]
    assert (state["dataset"]["uploaded_rows"], state["dataset"]["captured_rows"]) == (0, 400)


def test_the_packaged_model_was_fitted_on_the_newest_rows_and_the_metrics_are_from_before(
    retrained: tuple[Workshop, Document],
) -> None:
    workshop, state = retrained
    found = version(retrained)
    evaluated = from_document(Artifact, state["evaluation"]["evaluated"])
    assert found.files[ESTIMATOR] == from_document(Artifact, state["evaluation"]["estimator"]) != evaluated
    report = json.loads(workshop.artifacts.get(found.files[REPORT]))
    assert report["estimators"] == {
        "evaluated": evaluated.sha256,
        "packaged": found.files[ESTIMATOR].sha256,
    }
    means = {
        name: load_estimator(workshop.artifacts.get(file))["columns"].named_transformers_["numeric"]
        for name, file in (("evaluated", evaluated), ("packaged", found.files[ESTIMATOR]))
    }
    assert means["evaluated"]["scale"].n_samples_seen_ == 320
    assert means["packaged"]["scale"].n_samples_seen_ == 400


def test_the_baseline_looks_like_captured_rows_and_is_as_good_as_the_metrics_say(
    retrained: tuple[Workshop, Document],
) -> None:
    workshop, state = retrained
    baseline = load_baseline(version(retrained), artifacts=workshop.artifacts)
    assert baseline.outcomes.rows == 80
    assert baseline.profile.rows == 400
    for name in ("accuracy", "log_loss", "brier"):
        measured = estimates(baseline.outcomes, "binary")[name].value
        assert measured == pytest.approx(state["evaluation"]["metrics"][name], abs=1e-9), name


def test_the_run_is_the_same_when_it_is_done_again(retrained: tuple[Workshop, Document]) -> None:
    workshop, state = retrained
    again = Workshop(workshop.definition, sample_csv())
    again.archive = workshop.archive
    again.registry = workshop.registry
    again.artifacts = workshop.artifacts
    run = again.until_gate("run-3", captured_until=datetime.fromisoformat(state["run"]["captured_until"]))
    assert run["captured"] == state["captured"]
    assert run["dataset"]["digest"] == state["dataset"]["digest"]
    assert run["evaluation"]["estimator"] == state["evaluation"]["estimator"]


def test_state_documents_hold_references_and_counts_only(retrained: tuple[Workshop, Document]) -> None:
    assert len(json.dumps(retrained[1])) < 10_000


WEAK = Candidate(name="weak", estimator="random_forest", parameters={"n_estimators": 1, "max_depth": 1})


def test_a_model_that_is_no_better_leaves_the_champion_and_is_not_fitted_anew() -> None:
    workshop = champion(model())
    until = capture(workshop, turned=False)
    workshop.deploy(replace(model(), training=replace(model().training, candidates=(WEAK,))))
    evaluation = workshop.until_gate("run-2", captured_until=until)["evaluation"]
    assert evaluation["passed"] is False
    assert evaluation["estimator"] == evaluation["evaluated"]
    assert evaluation["trained_on"]["refitted"] is False
    assert evaluation["trained_on"]["captured"] == 320


def test_uploaded_rows_train_beside_captured_ones() -> None:
    workshop = champion(model(original_weight=0.1))
    state = workshop.until_gate("run-2", captured_until=capture(workshop))
    assert (state["dataset"]["uploaded_rows"], state["dataset"]["captured_rows"]) == (400, 400)
    unseen = workshop.registry.version("sample", 1).trained_on
    assert unseen is not None
    # Those that were held out from the champion are kept out for later comparisons.
    assert state["evaluation"]["trained_on"]["uploaded"] == unseen.uploaded == 323


def test_a_later_run_on_uploaded_data_finds_its_holdout_unseen() -> None:
    workshop = champion(model(original_weight=0.1))
    state = workshop.run("run-2", captured_until=capture(workshop))
    workshop.make_champion(state["version"]["number"])
    assert "may have seen" not in champion_check(workshop.until_gate("run-3"))["reason"]


def test_uploaded_data_may_be_gone_when_there_are_captured_rows() -> None:
    workshop = champion(model())
    until = capture(workshop)
    workshop.datasets.delete("sample/part-0.csv")
    assert workshop.until_gate("run-2", captured_until=until)["dataset"]["rows"] == 400
    with pytest.raises(DatasetEmptyError, match=r"no \.csv, \.parquet, "):
        workshop.until_gate("run-3")


def test_the_second_retraining_is_compared_on_rows_that_the_first_has_not_seen() -> None:
    workshop = champion(model(original_weight=0))
    first = workshop.run("run-2", captured_until=capture(workshop))
    workshop.make_champion(first["version"]["number"])
    second = workshop.until_gate("run-3", captured_until=capture(workshop, turned=False))
    found = dataset(workshop, second)
    assert found.captured is not None
    assert (found.captured.rows, found.captured.held_out) == (800, 160)
    assert "may have seen" not in champion_check(second)["reason"]


def test_a_champion_that_has_seen_too_many_of_the_rows_is_doubted() -> None:
    workshop = champion(model(original_weight=0))
    until = capture(workshop)
    first = workshop.run("run-2", captured_until=until)
    workshop.make_champion(first["version"]["number"])
    reason = champion_check(workshop.until_gate("run-3", captured_until=until))["reason"]
    newest = until - DAY
    assert (
        f"the champion may have seen some of these rows: it learned from rows up to {newest:%Y-%m-%dT%H:%M}Z"
        in (reason)
    )


def test_a_champion_that_needs_what_is_not_captured_cannot_be_compared() -> None:
    workshop = champion(model())
    until = capture(workshop)
    fewer = {name: feature for name, feature in FEATURES.items() if name != "amount"}
    workshop.deploy(replace(model(), features=fewer, serving=Serving(capture=tuple(fewer))))
    check = champion_check(workshop.until_gate("run-2", captured_until=until))
    assert "champion version 1 could not be evaluated: columns 'amount' are missing" in check["reason"]
    assert not check["passed"]


def test_without_captured_features_the_run_trains_on_uploaded_data_and_says_why() -> None:
    workshop = champion(replace(model(), serving=Serving(capture=("plan",))))
    state = workshop.until_gate("run-2", captured_until=capture(workshop))
    assert state["captured"]["rows"] == 0
    assert "so only uploaded data are trained on" in state["captured"]["reason"]
    assert (state["dataset"]["rows"], state["dataset"]["captured_rows"]) == (400, 0)
    assert state["evaluation"]["split"]["kind"] == "hash"
    assert state["evaluation"]["passed"]  # as good as before is good enough for whoever uploads data
    run = workshop.registry.run("sample", "run-2")
    assert run.captured_until is None
    assert run.captured == state["captured"]["reason"]


def test_a_definition_deployed_after_the_rows_were_collected_stops_the_run() -> None:
    workshop = champion(model())
    run = {"id": "run-2", "model": "sample", "reason": "drift", "requested_by": "governor"}
    state: Document = {"run": {**run, "captured_until": capture(workshop).isoformat()}}
    state["captured"] = collect_labelled(state, workshop.app)
    workshop.deploy(model(half_life_days=3))
    with pytest.raises(DefinitionInvalidError, match="deployed anew during the run"):
        resolve_dataset(state, workshop.app)


def test_an_execution_that_began_before_captured_rows_were_collected_goes_on() -> None:
    workshop = Workshop(model(), sample_csv())
    run = {"id": "run-1", "model": "sample", "reason": "new data", "requested_by": "ml-team"}
    state = {"run": run, "dataset": resolve_dataset({"run": run}, workshop.app)}
    assert validate_dataset(state, workshop.app)["rows"] == 400


def test_a_low_weight_of_uploaded_rows_makes_the_model_follow_captured_ones() -> None:
    """The old world is ten times as large as the new one."""
    scores = []
    for weight in (1, 0.01):
        workshop = champion(model(original_weight=weight))
        workshop.datasets.upload("sample/part-1.csv", sample_csv(rows=3200, seed=7))
        scores.append(workshop.until_gate("run-2", captured_until=capture(workshop))["evaluation"]["metrics"])
    assert scores[1]["roc_auc"] > 0.75 > scores[0]["roc_auc"]


def test_a_half_life_makes_the_model_follow_the_newest_captured_rows() -> None:
    scores = []
    for days in (None, 2.0):
        workshop = champion(model(original_weight=0, half_life_days=days))
        capture(workshop, turned=False)
        until = capture(workshop, seed=2)
        scores.append(workshop.until_gate("run-2", captured_until=until)["evaluation"]["metrics"])
    assert scores[1]["roc_auc"] > 0.75 > scores[0]["roc_auc"]
