import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics as reference

from lambdaloop.domain.metrics import METRICS_OF_TASK
from lambdaloop.training.scoring import compute_metrics

CHANCE = np.random.default_rng(3)


def probabilities(classes: int) -> NDArray[np.float64]:
    return CHANCE.dirichlet([1.0] * classes, size=200)


def test_binary_metrics_are_those_of_scikit_learn() -> None:
    target, scores = CHANCE.integers(0, 2, 200), probabilities(2)
    found = compute_metrics(target, scores, task="binary")
    label = scores.argmax(axis=1)
    assert found == pytest.approx(
        {
            "roc_auc": reference.roc_auc_score(target, scores[:, 1]),
            "average_precision": reference.average_precision_score(target, scores[:, 1]),
            "accuracy": reference.accuracy_score(target, label),
            "f1": reference.f1_score(target, label),
            "log_loss": reference.log_loss(target, scores),
            "brier": reference.brier_score_loss(target, scores[:, 1]),
        }
    )
    assert tuple(found) == METRICS_OF_TASK["binary"]


def test_multiclass_metrics_are_those_of_scikit_learn() -> None:
    target, scores = CHANCE.integers(0, 4, 200), probabilities(4)
    label = scores.argmax(axis=1)
    assert compute_metrics(target, scores, task="multiclass") == pytest.approx(
        {
            "accuracy": reference.accuracy_score(target, label),
            "f1_macro": reference.f1_score(target, label, average="macro"),
            "roc_auc_ovr": reference.roc_auc_score(target, scores, multi_class="ovr"),
            "log_loss": reference.log_loss(target, scores),
        }
    )


def test_regression_metrics_are_those_of_scikit_learn() -> None:
    target, scores = CHANCE.normal(size=200), CHANCE.normal(size=(200, 1))
    assert compute_metrics(target, scores, task="regression") == pytest.approx(
        {
            "rmse": reference.root_mean_squared_error(target, scores[:, 0]),
            "mae": reference.mean_absolute_error(target, scores[:, 0]),
            "r2": reference.r2_score(target, scores[:, 0]),
        }
    )


def test_a_metric_that_needs_every_class_has_no_value_without_one() -> None:
    found = compute_metrics(np.zeros(5, dtype=int), probabilities(2)[:5], task="binary")
    assert found["roc_auc"] is found["average_precision"] is None
    assert found["accuracy"] is not None
    found = compute_metrics(np.zeros(5, dtype=int), probabilities(3)[:5], task="multiclass")
    assert found["roc_auc_ovr"] is None
    assert compute_metrics(np.ones(1), np.ones((1, 1)), task="regression")["r2"] is None


def test_scores_that_are_no_numbers_have_no_metric() -> None:
    found = compute_metrics(np.array([0.0, 1.0]), np.array([[1.0], [np.nan]]), task="regression")
    assert found == {"rmse": None, "mae": None, "r2": None}
