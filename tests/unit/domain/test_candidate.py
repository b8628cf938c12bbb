from typing import Any

import pytest

from lambdaloop.domain.candidate import Candidate, Member, Preparation
from lambdaloop.domain.definition import Feature
from lambdaloop.domain.documents import from_document, to_document
from lambdaloop.domain.encoding import RowEncoder, RowsInvalidError
from lambdaloop.domain.metrics import Task
from lambdaloop.domain.serving_rules import Serving
from lambdaloop.domain.signature import Signature
from tests.unit.training.sample_data import definition

TREE = Member(estimator="decision_tree")


def candidate(**fields: Any) -> Candidate:
    return Candidate(**{"name": "one", "estimator": "ridge"} | fields)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"estimator": "voting", "members": (TREE,)}, "voting needs two members or more, got 1"),
        ({"members": (TREE, TREE)}, "members belong to voting or stacking, not to ridge"),
        ({"parameters": {"alpha": float("nan")}}, "alpha must be a finite number"),
        ({"parameters": {"weights": (1, float("inf"))}}, "weights must be a finite number"),
        (
            {"estimator": "hist_gradient_boosting", "preparation": Preparation(scale="robust", keep=3)},
            "takes numbers as they are, missing ones included: remove scale, keep",
        ),
        ({"preparation": Preparation(categories="native")}, "native belongs to hist_gradient_boosting"),
    ],
)
def test_what_does_not_go_together_is_told_with_the_fix(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        candidate(**fields)


def test_a_member_is_no_ensemble_itself() -> None:
    with pytest.raises(ValueError, match="plain estimator, not stacking"):
        Member(estimator="stacking")


@pytest.mark.parametrize(("name", "value"), [("degree", 4), ("terms", 0), ("longest_term", 9), ("keep", 0)])
def test_preparation_keeps_within_its_limits(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"{name} must be 1 to"):
        Preparation(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("task", "one", "problem"),
    [
        ("regression", candidate(estimator="naive_bayes"), "naive_bayes does not fit task regression"),
        ("binary", candidate(estimator="lasso"), "lasso does not fit task binary"),
        (
            "binary",
            candidate(estimator="stacking", members=(TREE, Member(estimator="ridge"))),
            "ridge does not fit task binary",
        ),
        (
            "regression",
            candidate(estimator="random_forest", calibrate="sigmoid"),
            "calibrate belongs to classifiers",
        ),
    ],
)
def test_estimators_and_members_fit_the_task(task: Task, one: Candidate, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        one.check_task(task)


def test_members_that_only_scikit_learn_serves_need_it_too() -> None:
    vote = candidate(estimator="voting", members=(TREE, Member(estimator="nearest_neighbors")))
    with pytest.raises(
        ValueError, match=r"nearest_neighbors is served by scikit-learn itself .* serving\.runtime"
    ):
        definition(training={"candidates": (vote,)})
    definition(training={"candidates": (vote,)}, serving=Serving(runtime="auto"))


def test_a_candidate_survives_its_way_to_the_functions() -> None:
    one = candidate(
        estimator="stacking",
        members=(TREE, Member(estimator="neural_network", parameters={"hidden_layer_sizes": (8, 4)})),
        calibrate="isotonic",
        preparation=Preparation(degree=2, keep=9),
    )
    assert from_document(Candidate, to_document(one)) == one


def test_free_text_is_never_captured() -> None:
    features = {"note": Feature(type="text"), "age": Feature(type="number")}
    with pytest.raises(ValueError, match="capture names features of type text: note"):
        definition(features=features, serving=Serving(capture=("note",)))


def test_text_is_checked_but_not_encoded() -> None:
    features = {"note": Feature(type="text"), "remark": Feature(type="text", nullable=True)}
    encoder = RowEncoder(Signature(model="m", task="regression", features=features))
    assert encoder.encode([{"note": "any words", "remark": None}]).tolist() == [0.0, 0.0]
    with pytest.raises(RowsInvalidError) as caught:
        encoder.encode([{"note": None}, {"note": 5}])
    assert [one.problem for one in caught.value.problems] == [
        "is missing: give a value",
        "must be text, got 5",
    ]
