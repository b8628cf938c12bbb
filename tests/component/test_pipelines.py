from typing import Any

import numpy as np
import pytest

from lambdaloop.domain.candidate import Candidate, Estimator, Parameter
from lambdaloop.domain.errors import DefinitionInvalidError
from lambdaloop.domain.metrics import Task
from lambdaloop.training.pipelines import build_pipeline, fit
from lambdaloop.training.scoring import Scores, predict_scores
from tests.unit.training.sample_data import ESTIMATORS, USUAL, candidate, definition, prepared

CASES = [(task, estimator) for task, estimators in USUAL.items() for estimator in estimators]
ALL = [(task, estimator) for task, estimators in ESTIMATORS.items() for estimator in estimators]


@pytest.mark.parametrize(("task", "estimator"), ALL)
def test_every_estimator_learns_from_every_kind_of_column(task: Task, estimator: Estimator) -> None:
    data, model = prepared(task), definition(task)
    pipeline = fit(model, candidate(estimator), data.training_frame, data.training_target)
    scores = predict_scores(pipeline, data.holdout_frame, task=task)
    if task == "regression":
        spread = data.holdout_target.std()
        assert np.sqrt(np.mean((scores[:, 0] - data.holdout_target) ** 2)) < 0.8 * spread
    else:
        most = np.bincount(data.holdout_target).max() / len(data.holdout_target)
        assert (scores.argmax(axis=1) == data.holdout_target).mean() > most + 0.05


@pytest.mark.parametrize(("task", "estimator"), CASES)
def test_the_fitted_pipeline_takes_a_frame_as_pandas_reads_it(task: Task, estimator: Estimator) -> None:
    data, model = prepared(task), definition(task)
    pipeline = fit(model, candidate(estimator), data.training_frame, data.training_target)
    ours = data.holdout_frame
    theirs = ours.astype({"plan": "str", "region (code)": "str"})
    theirs["active"] = ours["active"].map({0.0: False, 1.0: True}).astype(object)
    assert np.array_equal(
        predict_scores(pipeline, ours, task=task), predict_scores(pipeline, theirs, task=task)
    )


@pytest.mark.parametrize(("task", "estimator"), CASES)
def test_a_row_that_weighs_nothing_to_speak_of_teaches_nothing(task: Task, estimator: Estimator) -> None:
    data, model = prepared(task), definition(task)
    frame, target = data.training_frame, data.training_target
    first = np.arange(len(target)) < len(target) // 2
    turned = np.where(first, target, target.max() - target)

    def scores(weights: "np.ndarray[Any, Any] | None") -> Scores:
        pipeline = fit(model, candidate(estimator), frame, turned, weights)
        return predict_scores(pipeline, data.holdout_frame, task=task)

    def error(found: Scores) -> float:
        guess = found[:, 0] if task == "regression" else found.argmax(axis=1)
        return float(np.mean(np.abs(guess - data.holdout_target)))

    assert error(scores(np.where(first, 1.0, 1e-9))) < 0.9 * error(scores(None))


@pytest.mark.parametrize(("task", "estimator"), CASES)
def test_only_the_proportions_of_weights_matter(task: Task, estimator: Estimator) -> None:
    data, model = prepared(task), definition(task)
    weights = np.linspace(0.1, 1, len(data.training_target))
    one, other = (
        predict_scores(
            fit(model, candidate(estimator), data.training_frame, data.training_target, weights * scale),
            data.holdout_frame,
            task=task,
        )
        for scale in (1, 2.0**-40)
    )
    assert np.array_equal(one, other)


@pytest.mark.parametrize(
    ("estimator", "parameters", "problem"),
    [
        (
            "random_forest",
            {"n_trees": 10},
            "'n_trees' is no parameter of RandomForestClassifier: use one of bootstrap",
        ),
        ("random_forest", {"n_jobs": 2}, "'n_jobs' is set by Lambdaloop"),
        ("logistic_regression", {"random_state": 1}, "'random_state' is set by Lambdaloop"),
    ],
)
def test_a_wrong_hyperparameter_is_named_before_anything_is_fitted(
    estimator: Estimator, parameters: dict[str, Parameter], problem: str
) -> None:
    wrong = Candidate(name="mine", estimator=estimator, parameters=parameters)
    with pytest.raises(DefinitionInvalidError, match=f"candidate 'mine': {problem}"):
        build_pipeline(definition(), wrong)


def test_a_value_that_scikit_learn_refuses_is_named() -> None:
    data = prepared()
    wrong = Candidate(name="mine", estimator="hist_gradient_boosting", parameters={"max_iter": "many"})
    with pytest.raises(
        DefinitionInvalidError, match="candidate 'mine' cannot be fitted: The 'max_iter' parameter"
    ):
        fit(definition(), wrong, data.training_frame, data.training_target)


def test_hyperparameters_go_over_the_defaults_and_the_seed_is_the_definitions() -> None:
    chosen = Candidate(name="mine", estimator="random_forest", parameters={"min_samples_leaf": 2})
    estimator = build_pipeline(definition(), chosen).named_steps["estimator"]
    assert (estimator.n_estimators, estimator.min_samples_leaf, estimator.random_state) == (100, 2, 7)
    assert estimator.n_jobs == 1


@pytest.mark.parametrize("estimator", ["nearest_neighbors", "voting", "stacking"])
def test_an_estimator_that_cannot_weigh_rows_says_so(estimator: Estimator) -> None:
    data, model = prepared(), definition()
    with pytest.raises(DefinitionInvalidError, match=f"{estimator} cannot let rows count differently"):
        fit(
            model,
            candidate(estimator),
            data.training_frame,
            data.training_target,
            np.arange(len(data.training_target)) + 1.0,
        )
