"""Metrics from outcomes against scikit-learn on the raw rows."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics

from lambdaloop.domain.metrics import METRICS_OF_TASK, Task
from lambdaloop.domain.outcomes import Estimate
from lambdaloop.monitoring.estimates import certain_drop, estimates, estimator_error
from lambdaloop.monitoring.observing import observe
from lambdaloop.training.scoring import compute_metrics
from tests.unit.monitoring.drawn_predictions import CLASSES, TASKS, draw, expit

BINNED = {"roc_auc", "average_precision", "roc_auc_ovr"}


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("rows", [30, 500, 20_000])
def test_every_metric_is_the_one_of_the_raw_rows(task: Task, rows: int) -> None:
    actual, scores = draw(task, rows, seed=3)
    found = estimates(observe(task, CLASSES[task], actual, scores), task)
    wanted = compute_metrics(actual, scores, task=task)
    assert set(found) == {*METRICS_OF_TASK[task], *([] if task == "regression" else ["calibration_error"])}
    for name, value in wanted.items():
        assert found[name].value == pytest.approx(value, abs=0.003 if name in BINNED else 1e-9), name
        low, high = found[name].low, found[name].high
        assert low is not None
        assert high is not None
        assert value is not None
        assert low < value < high, name


@pytest.mark.parametrize(
    ("centre", "spread"),
    [(0.0, 1.0), (0.0, 3.0), (-3.0, 1.0), (-7.0, 1.0), (7.0, 1.0), (-18.0, 2.0), (0.0, 0.1), (20.0, 2.0)],
)
@pytest.mark.parametrize("rows", [300, 30_000])
def test_rankings_hold_where_scores_crowd(centre: float, spread: float, rows: int) -> None:
    """The order is what matters: the same ranks as scores around ½, or all within a billionth of 0 or of 1."""
    chance = np.random.default_rng(1)
    actual = (chance.random(rows) < 0.3).astype(int)
    positive = expit(centre + spread * (chance.normal(size=rows) + actual))
    scores = np.column_stack([1 - positive, positive])
    found = estimates(observe("binary", ("no", "yes"), actual, scores), "binary")
    # Scores in one bin, 1/16 of a logit wide, count as equal; with a spread of 0.1 that is most of a deviation.
    tolerance = 0.001 if spread >= 1 else 0.012
    assert found["roc_auc"].value == pytest.approx(metrics.roc_auc_score(actual, positive), abs=tolerance)
    assert found["average_precision"].value == pytest.approx(
        metrics.average_precision_score(actual, positive), abs=tolerance if rows > 1000 else 0.012
    )


def test_the_deviation_of_the_area_is_delongs() -> None:
    actual, scores = draw("binary", 400, seed=5)
    found = estimates(observe("binary", ("no", "yes"), actual, scores), "binary")["roc_auc"]
    positive, negative = scores[actual == 1, 1], scores[actual == 0, 1]
    wins = (positive[:, None] > negative).astype(float)
    variance = wins.mean(axis=1).var(ddof=1) / len(positive) + wins.mean(axis=0).var(ddof=1) / len(negative)
    area = wins.mean()
    half = 1.959964 * np.sqrt(variance) / (area * (1 - area))
    logit = np.log(area / (1 - area))
    assert found.low == pytest.approx(expit(logit - half), abs=0.002)
    assert found.high == pytest.approx(expit(logit + half), abs=0.002)


def test_the_calibration_error_is_the_mean_distance_in_ten_bins() -> None:
    actual, scores = draw("binary", 3000, spread=2)
    positive = np.sqrt(scores[:, 1])  # too sure
    found = estimates(
        observe("binary", ("no", "yes"), actual, np.column_stack([1 - positive, positive])), "binary"
    )["calibration_error"]
    places = np.minimum((positive * 10).astype(int), 9)
    wanted = sum(
        (places == place).mean() * abs((actual - positive)[places == place].mean()) for place in set(places)
    )
    assert found.value == pytest.approx(wanted, abs=1e-9)
    assert wanted > 0.1


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_alone_has_no_ranking(label: int) -> None:
    scores = np.column_stack([np.linspace(1, 0, 40), np.linspace(0, 1, 40)])
    found = estimates(observe("binary", ("no", "yes"), np.full(40, label), scores), "binary")
    assert found["roc_auc"] == found["average_precision"] == Estimate(value=None)
    assert found["accuracy"].value == pytest.approx(0.5)


@pytest.mark.parametrize("task", TASKS)
def test_no_rows_have_no_metrics(task: Task) -> None:
    actual, scores = draw(task, 1)
    found = estimates(observe(task, CLASSES[task], actual[:0], scores[:0]), task)
    assert set(found.values()) == {Estimate(value=None)}


@pytest.mark.parametrize("task", TASKS)
def test_one_row_never_crashes(task: Task) -> None:
    actual, scores = draw(task, 1)
    estimates(observe(task, CLASSES[task], actual, scores), task)


def perfect(rows: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    actual = np.arange(rows) % 2
    return actual, np.column_stack([1 - actual, actual]).astype(float)


def test_flawless_predictions_in_few_rows_are_not_certain() -> None:
    found = estimates(observe("binary", ("no", "yes"), *perfect(40)), "binary")
    for name in ("accuracy", "f1", "roc_auc", "average_precision"):
        assert found[name].value == 1
        low = found[name].low
        assert low is not None
        assert 0.7 < low < 0.95, name


def test_a_flawless_multiclass_model_is_not_certain_either() -> None:
    actual = np.arange(60) % 3
    found = estimates(observe("multiclass", (2, 0, 1), actual, np.eye(3)[actual]), "multiclass")
    for name in ("accuracy", "f1_macro", "roc_auc_ovr"):
        assert found[name].value == 1
        low = found[name].low
        assert low is not None
        assert 0.7 < low < 0.99, name


def test_a_class_that_nobody_predicts_counts_as_no_hit() -> None:
    actual = np.array([0, 1, 2] * 20)
    scores = np.tile([0.6, 0.3, 0.1], (60, 1))
    found = estimates(observe("multiclass", (2, 0, 1), actual, scores), "multiclass")
    wanted = metrics.f1_score(actual, np.zeros(60), average="macro", zero_division=0)
    assert found["f1_macro"].value == pytest.approx(wanted)


def test_a_constant_target_has_no_r2() -> None:
    found = estimates(observe("regression", (), np.ones(50), np.zeros((50, 1))), "regression")
    assert found["r2"] == Estimate(value=None)
    assert found["mae"] == Estimate(value=1.0, low=1.0, high=1.0)


def test_an_r2_below_0_is_told() -> None:
    actual, scores = draw("regression", 300)
    found = estimates(observe("regression", (), actual, scores + 50), "regression")["r2"]
    assert found.value == pytest.approx(metrics.r2_score(actual, scores[:, 0] + 50))
    assert found.value is not None
    assert found.high is not None
    assert found.value < found.high < 0


GOOD, WORSE, BAD = (Estimate(value=v, low=v - 0.02, high=v + 0.02) for v in (0.9, 0.87, 0.8))


@pytest.mark.parametrize(
    ("metric", "current", "reference", "drop"),
    [
        ("accuracy", BAD, GOOD, 0.06),
        ("accuracy", GOOD, BAD, 0),
        ("accuracy", WORSE, GOOD, 0),
        ("log_loss", GOOD, BAD, 0.06),
        ("log_loss", BAD, GOOD, 0),
        ("accuracy", Estimate(value=None), GOOD, None),
        ("accuracy", GOOD, Estimate(value=None), None),
    ],
)
def test_a_drop_is_certain_only_between_the_nearer_ends(
    metric: str, current: Estimate, reference: Estimate, drop: float | None
) -> None:
    found = certain_drop(metric, current, reference)
    assert found == (None if drop is None else pytest.approx(drop))


def test_the_estimators_error_is_expected_minus_real() -> None:
    actual, scores = draw("binary", 1000)
    real = observe("binary", ("no", "yes"), actual, scores)
    better = observe("binary", ("no", "yes"), scores.argmax(axis=1), scores)
    accuracy = metrics.accuracy_score(actual, scores.argmax(axis=1))
    assert estimator_error("accuracy", expected=better, real=real, task="binary") == pytest.approx(
        1 - accuracy
    )
    none = observe("binary", ("no", "yes"), actual[:0], scores[:0])
    assert estimator_error("accuracy", expected=none, real=real, task="binary") is None
