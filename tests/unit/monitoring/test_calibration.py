import json

import numpy as np
import pytest
from numpy.typing import NDArray

from lambdaloop.domain.baseline import Curve
from lambdaloop.domain.documents import from_document, to_document
from lambdaloop.domain.metrics import Task
from lambdaloop.monitoring.calibration import ISOTONIC_ROWS, calibrated, fit_calibration
from tests.unit.monitoring.drawn_predictions import CLASSES, draw, expit


def distorted(
    task: Task, rows: int, *, seed: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Labels, the scores of a model that is too sure, and the true probabilities."""
    target, truth = draw(task, rows, seed=seed, spread=1.0)
    sharp = truth**2.5
    return target, sharp / sharp.sum(axis=1, keepdims=True), truth


@pytest.mark.parametrize("task", ["binary", "multiclass"])
@pytest.mark.parametrize(("rows", "tolerance"), [(500, 0.06), (20_000, 0.02)])
def test_scores_of_a_model_that_is_too_sure_become_probabilities(
    task: Task, rows: int, tolerance: float
) -> None:
    """Few rows take the sigmoid, many the isotonic curve; the error is that of so many rows."""
    target, scores, _ = distorted(task, rows)
    curves = fit_calibration(target, scores, CLASSES[task])
    _, fresh, truth = distorted(task, 20_000, seed=1)
    found = calibrated(fresh, CLASSES[task], curves)
    assert found.sum(axis=1) == pytest.approx(1)
    before = np.abs(fresh - truth).mean()
    assert np.abs(found - truth).mean() < tolerance < before


@pytest.mark.parametrize("rows", [50, ISOTONIC_ROWS - 1, ISOTONIC_ROWS, 3000])
def test_curves_rise_and_stay_probabilities(rows: int) -> None:
    target, scores, _ = distorted("binary", rows)
    curve = fit_calibration(target, scores, ("no", "yes"))["yes"]
    assert (np.diff(curve.x) > 0).all()
    assert (np.diff(curve.y) >= 0).all()
    assert 0 <= curve.y[0] <= curve.y[-1] <= 1
    assert from_document(Curve, json.loads(json.dumps(to_document(curve)))) == curve


def test_a_curve_of_many_rows_is_small() -> None:
    target, scores, _ = distorted("binary", 200_000)
    assert len(fit_calibration(target, scores, ("no", "yes"))["yes"].x) < 1000


@pytest.mark.parametrize("rows", [200, 4000])
def test_a_binary_model_has_one_curve_and_a_multiclass_one_for_each_class(rows: int) -> None:
    wanted: dict[Task, list[str]] = {"binary": ["yes"], "multiclass": ["2", "0", "1"]}
    for task, labels in wanted.items():
        target, scores, _ = distorted(task, rows)
        assert list(fit_calibration(target, scores, CLASSES[task])) == labels


@pytest.mark.parametrize("rows", [200, 4000])
def test_scores_that_go_the_wrong_way_get_the_share_of_hits(rows: int) -> None:
    target, scores, _ = distorted("binary", rows)
    curves = fit_calibration(target, scores[:, ::-1], ("no", "yes"))
    found = calibrated(scores, ("no", "yes"), curves)[:, 1]
    assert found == pytest.approx(target.mean(), abs=0.06)


@pytest.mark.parametrize("rows", [100, 2000])
def test_a_constant_score_gets_the_share_of_hits(rows: int) -> None:
    target = (np.arange(rows) % 4 == 0).astype(int)
    scores = np.tile([0.3, 0.7], (rows, 1))
    curves = fit_calibration(target, scores, ("no", "yes"))
    assert calibrated(scores, ("no", "yes"), curves)[:, 1] == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize("rows", [100, 2000])
def test_a_holdout_of_one_class_is_no_error(label: int, rows: int) -> None:
    _, scores, _ = distorted("binary", rows)
    curves = fit_calibration(np.full(rows, label), scores, ("no", "yes"))
    assert calibrated(scores, ("no", "yes"), curves)[:, label].mean() > 0.95


def test_rare_scores_near_1_are_told_apart() -> None:
    """One row in fifty is positive; the curve must not lump its high scores together with the others."""
    chance = np.random.default_rng(0)
    truth = expit(chance.normal(-5.5, 2, 50_000))
    target = (chance.random(50_000) < truth).astype(int)
    curves = fit_calibration(target, np.column_stack([1 - truth, truth]), ("no", "yes"))
    tried = np.array([0.001, 0.01, 0.1, 0.5])
    found = calibrated(np.column_stack([1 - tried, tried]), ("no", "yes"), curves)[:, 1]
    assert found == pytest.approx(tried, rel=0.4)


def test_classes_that_all_seem_impossible_keep_their_scores() -> None:
    never = Curve(x=(0.0, 1.0), y=(0.0, 0.0))
    scores = np.array([[0.2, 0.3, 0.5]])
    found = calibrated(scores, (2, 0, 1), {"2": never, "0": never, "1": never})
    assert found.tolist() == scores.tolist()
