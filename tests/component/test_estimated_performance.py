"""What is estimated before labels arrive, against what labels say later, on streams whose features shift.

The features shift, what they mean does not (no concept drift): then both estimators should follow the real metric. What is left
is chance: a calibration from 4,000 rows knows a probability to about 0.5 / √4000 = 0.008, errors from 4,000 rows their mean to
about 2 %. The tolerances are 2.5 times that (0.02), and 8 % for regression, since trees do not follow errors that keep growing
beyond the holdout. Each shift moves the real metric by more.
"""

from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression, LogisticRegression

from lambdaloop.domain.baseline import Curve
from lambdaloop.domain.definition import Feature
from lambdaloop.domain.metrics import Task
from lambdaloop.monitoring.calibration import fit_calibration
from lambdaloop.monitoring.estimates import certain_drop, estimates, estimator_error
from lambdaloop.monitoring.expected_loss import expected_loss, fit_expected_loss
from lambdaloop.monitoring.observing import expect, observe
from tests.unit.monitoring.drawn_predictions import expit

Floats = NDArray[np.float64]
HOLDOUT = 4000
STREAM = 20_000
BINARY = ("no", "yes")
FEATURES = {name: Feature(type="number") for name in ("a", "b")}


class Shift(NamedTuple):
    centre: float
    spread: float


NONE = Shift(0.0, 1.0)
# Easier: farther from the border; harder: nearer to it.
EASIER, HARDER, LOWER = Shift(0.0, 1.8), Shift(0.0, 0.5), Shift(-1.2, 1.0)


def features(rows: int, seed: int, shift: Shift = NONE) -> Floats:
    drawn: Floats = np.random.default_rng(seed).normal(shift.centre, shift.spread, (rows, 2))
    return drawn


def labels(rows: Floats, seed: int) -> NDArray[np.int64]:
    chance = np.random.default_rng(seed)
    return (chance.random(len(rows)) < expit(1.5 * rows[:, 0] - rows[:, 1])).astype(np.int64)


class Classifier:
    """Too sure by half: its scores need the calibration."""

    def __init__(self) -> None:
        training = features(HOLDOUT, 1)
        self._model = LogisticRegression().fit(training, labels(training, 2))
        self.holdout = features(HOLDOUT, 3)
        self.target = labels(self.holdout, 4)
        self.calibration = fit_calibration(self.target, self.scores(self.holdout), BINARY)

    def scores(self, rows: Floats) -> Floats:
        positive = expit(1.5 * self._model.decision_function(rows))
        return np.column_stack([1 - positive, positive])


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier()


@pytest.mark.parametrize("shift", [EASIER, HARDER, LOWER])
def test_cbpe_follows_accuracy_and_roc_auc_under_covariate_shift(
    classifier: Classifier, shift: Shift
) -> None:
    stream = features(STREAM, 5, shift)
    actual, scores = labels(stream, 6), classifier.scores(stream)
    real = estimates(observe("binary", BINARY, actual, scores), "binary")
    guess = estimates(expect("binary", BINARY, scores, classifier.calibration, None), "binary")
    reference = estimates(
        observe("binary", BINARY, classifier.target, classifier.scores(classifier.holdout)), "binary"
    )
    for name in ("accuracy", "roc_auc"):
        truth, estimate, held = real[name].value, guess[name].value, reference[name].value
        assert truth is not None
        assert estimate is not None
        assert held is not None
        assert estimate == pytest.approx(truth, abs=0.02), name
        if shift != LOWER:  # there the ROC AUC stays where it was
            assert abs(held - truth) > 0.03, name


def test_without_any_shift_nothing_is_estimated_to_be_worse(classifier: Classifier) -> None:
    for seed in range(10, 20):
        scores = classifier.scores(features(500, seed))
        guess = estimates(expect("binary", BINARY, scores, classifier.calibration, None), "binary")
        reference = estimates(
            observe("binary", BINARY, classifier.target, classifier.scores(classifier.holdout)), "binary"
        )
        for name in ("accuracy", "roc_auc", "log_loss"):
            assert certain_drop(name, guess[name], reference[name]) == 0


def test_a_harder_stream_is_a_certain_drop_before_any_label_arrives(classifier: Classifier) -> None:
    scores = classifier.scores(features(2000, 7, HARDER))
    guess = estimates(expect("binary", BINARY, scores, classifier.calibration, None), "binary")
    reference = estimates(
        observe("binary", BINARY, classifier.target, classifier.scores(classifier.holdout)), "binary"
    )
    drop = certain_drop("roc_auc", guess["roc_auc"], reference["roc_auc"])
    assert drop is not None
    assert drop > 0.05


def test_concept_drift_shows_in_the_estimators_own_error(classifier: Classifier) -> None:
    """The same features, the opposite meaning: no estimate can see that, and the labels say so."""
    stream = features(STREAM, 8)
    scores = classifier.scores(stream)
    expected = expect("binary", BINARY, scores, classifier.calibration, None)
    same = observe("binary", BINARY, labels(stream, 9), scores)
    opposite = observe("binary", BINARY, 1 - labels(stream, 9), scores)
    small = estimator_error("accuracy", expected=expected, real=same, task="binary")
    large = estimator_error("accuracy", expected=expected, real=opposite, task="binary")
    assert small == pytest.approx(0, abs=0.02)
    assert large is not None
    assert large > 0.4


def test_cbpe_follows_a_multiclass_model() -> None:
    task: Task = "multiclass"
    classes = ("x", "y", "z")

    def draw(rows: int, seed: int, spread: float) -> tuple[NDArray[np.int64], Floats]:
        chance = np.random.default_rng(seed)
        raw = np.exp(chance.normal(0, spread, (rows, 3)))
        truth = raw / raw.sum(axis=1, keepdims=True)
        target = (truth.cumsum(axis=1) < chance.random((rows, 1))).sum(axis=1).clip(max=2)
        sure = truth**1.5
        return target, sure / sure.sum(axis=1, keepdims=True)

    target, scores = draw(HOLDOUT, 0, 1.5)
    curves = fit_calibration(target, scores, classes)
    for spread in (1.0, 2.5):
        actual, served = draw(STREAM, 1, spread)
        real = estimates(observe(task, classes, actual, served), task)
        guess = estimates(expect(task, classes, served, curves, None), task)
        for name in ("accuracy", "f1_macro", "roc_auc_ovr"):
            assert guess[name].value == pytest.approx(real[name].value, abs=0.02), name


def columns(rows: Floats) -> dict[str, Floats]:
    return {"a": rows[:, 0], "b": rows[:, 1]}


def numbers(rows: Floats, seed: int) -> Floats:
    """Noise grows with the first feature."""
    chance = np.random.default_rng(seed)
    noise = chance.normal(size=len(rows)) * (1 + np.abs(rows[:, 0]))
    values: Floats = 3 * rows[:, 0] - rows[:, 1] + noise
    return values


@pytest.mark.parametrize("shift", [Shift(0.8, 1.0), Shift(-0.8, 1.0), Shift(0.0, 0.4)])
def test_dle_follows_mae_and_rmse_under_covariate_shift(shift: Shift) -> None:
    training, holdout = features(HOLDOUT, 1), features(HOLDOUT, 3)
    model = LinearRegression().fit(training, numbers(training, 2))
    target = numbers(holdout, 4)
    loss = fit_expected_loss(columns(holdout), model.predict(holdout), target, features=FEATURES, seed=0)
    stream = features(STREAM, 5, shift)
    predictions = model.predict(stream)
    real = estimates(observe("regression", (), numbers(stream, 6), predictions.reshape(-1, 1)), "regression")
    found = expected_loss(loss, columns(stream), predictions)
    guess = estimates(expect("regression", (), predictions.reshape(-1, 1), {}, found), "regression")
    reference = estimates(
        observe("regression", (), target, model.predict(holdout).reshape(-1, 1)), "regression"
    )
    for name in ("mae", "rmse"):
        truth, held = real[name].value, reference[name].value
        assert truth is not None
        assert held is not None
        assert guess[name].value == pytest.approx(truth, rel=0.08), name
        assert abs(held / truth - 1) > 0.1, name


def test_an_estimate_has_the_interval_of_as_many_labelled_rows() -> None:
    curve = {"yes": Curve(x=(0.0, 1.0), y=(0.0, 1.0))}
    rows = features(1000, 1)
    positive = expit(rows[:, 0])
    scores = np.column_stack([1 - positive, positive])
    actual = (np.random.default_rng(0).random(1000) < positive).astype(int)
    guess = estimates(expect("binary", BINARY, scores, curve, None), "binary")
    real = estimates(observe("binary", BINARY, actual, scores), "binary")
    for name in ("accuracy", "roc_auc", "log_loss", "brier"):
        widths = []
        for each in (guess[name], real[name]):
            assert each.low is not None
            assert each.high is not None
            widths.append(each.high - each.low)
        assert widths[0] == pytest.approx(widths[1], rel=0.1), name
