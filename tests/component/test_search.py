"""A run with a search trains every trial, and reports each with what it was trained with."""

import json

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.candidate import Candidate
from lambdaloop.domain.documents import from_document
from lambdaloop.domain.search_space import Range
from tests.unit.services.training_run import Workshop
from tests.unit.training.sample_data import definition, sample_csv

TREE = Candidate(
    name="tree",
    estimator="decision_tree",
    search={"max_depth": Range(type="int", low=1, high=6)},
    trials=4,
)
LINEAR = Candidate(name="linear", estimator="naive_bayes")


def test_every_trial_is_reported_and_the_version_has_the_winner_s_parameters() -> None:
    workshop = Workshop(definition(training={"candidates": (LINEAR, TREE)}), sample_csv())
    state = workshop.run()
    assert state["validation"]["candidates"] == ["linear", "tree#1", "tree#2", "tree#3", "tree#4"]
    report = json.loads(workshop.artifacts.get(from_document(Artifact, state["evaluation"]["report"])))
    tried = {each["name"]: each for each in report["candidates"]}
    depths = {name: each["parameters"].get("max_depth") for name, each in tried.items()}
    assert len(set(depths.values())) == 5
    assert all(each["score"] is not None for each in report["candidates"])
    best = max(report["candidates"], key=lambda each: each["score"])["name"]
    assert (report["winner"], state["evaluation"]["winner"]) == (best, best)
    version = workshop.version(state)
    assert version.parameters == tried[best]["parameters"]
    assert len(json.dumps(state["candidates"])) < 5 * 200, "two hundred of them keep within 256 KB"
