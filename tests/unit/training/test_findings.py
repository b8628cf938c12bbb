import json
from dataclasses import replace

import numpy as np
import pytest

from lambdaloop.domain.documents import from_document, to_document
from lambdaloop.domain.holdout_findings import MAX_CURVE_POINTS, HoldoutFindings
from lambdaloop.domain.metrics import Task
from lambdaloop.domain.monitoring_rules import Monitoring
from lambdaloop.domain.serving_rules import Serving
from lambdaloop.training.findings import holdout_findings
from lambdaloop.training.holdout_curves import calibration_bins, classifier_curves
from lambdaloop.training.pipelines import fit
from lambdaloop.training.preparation import prepare
from lambdaloop.training.scoring import compute_metrics, predict_scores
from tests.unit.training.sample_data import FEATURES, candidate, definition, sample_csv, table

TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")


def found(task: Task) -> HoldoutFindings:
    of = definition(
        task,
        serving=Serving(capture=tuple(FEATURES)),
        monitoring=Monitoring(segments=("plan", "active")),
        training={"candidates": (candidate("ridge" if task == "regression" else "logistic_regression"),)},
    )
    data = prepare(table(sample_csv(task, rows=600)), of)
    pipeline = fit(of, of.training.candidates[0], data.training_frame, data.training_target, None)
    scores = predict_scores(pipeline, data.holdout_frame, task=task)
    findings = holdout_findings(
        of, pipeline, frame=data.holdout_frame, target=data.holdout_target, scores=scores
    )
    assert findings is not None
    metric = of.training.metric
    exact = compute_metrics(data.holdout_target, scores, task=task)[metric]
    assert findings.metrics[metric].value == pytest.approx(exact, abs=1e-3)
    return findings


@pytest.mark.parametrize("task", TASKS)
def test_findings_fit_into_a_report_and_read_back(task: Task) -> None:
    findings = found(task)
    text = json.dumps(to_document(findings), allow_nan=False)
    assert len(text) < 40_000
    assert from_document(HoldoutFindings, json.loads(text)) == findings


@pytest.mark.parametrize("task", TASKS)
def test_features_that_make_the_outcome_matter_and_others_do_not(task: Task) -> None:
    importance = {each.feature: each.drop for each in found(task).importance}
    assert set(importance) == set(FEATURES)
    assert min(importance[name] for name in ("plan", "score")) > 5 * max(
        importance[name] for name in ("region (code)", "active")
    )


def test_every_row_is_in_one_slice_of_a_feature() -> None:
    findings = found("binary")
    for feature in ("plan", "active", "amount"):
        parts = [each.rows for each in findings.slices if each.feature == feature]
        assert sum(parts) == findings.rows
    assert {each.value for each in findings.slices if each.feature == "active"} == {
        "false",
        "true",
        "missing",
    }


def test_groups_are_the_segments_of_the_definition_with_their_largest_differences() -> None:
    groups = {each.feature: each for each in found("binary").groups}
    assert list(groups) == ["plan", "active"]
    rates = {each.value: each.figures["selection_rate"].value or 0.0 for each in groups["plan"].groups}
    assert rates["pro"] < min(rates["basic"], rates["plus"]), "who has the plan pro rarely says yes"
    assert groups["plan"].gaps["selection_rate"] == pytest.approx(max(rates.values()) - min(rates.values()))


def test_a_regression_has_errors_in_the_place_of_classes() -> None:
    findings = found("regression")
    assert findings.residuals is not None
    assert sum(findings.residuals.counts) == findings.rows == sum(each.rows for each in findings.errors)
    assert all(each.low <= each.actual <= each.high for each in findings.errors)
    assert not findings.roc
    assert {"mean_error", "mae"} == set(findings.groups[0].gaps)


def test_confusion_and_calibration_count_every_row() -> None:
    findings = found("multiclass")
    assert (
        sum(map(sum, findings.confusion)) == sum(each.rows for each in findings.calibration) == findings.rows
    )
    assert set(findings.roc) == set(findings.base_rates) == {"2", "0", "1"}


def test_a_curve_of_many_rows_keeps_its_ends_and_its_area() -> None:
    chance = np.random.default_rng(0)
    target = chance.integers(0, 2, 20_000)
    positive = np.clip(chance.normal(0.4 + 0.2 * target, 0.2), 0, 1)
    scores = np.column_stack([1 - positive, positive])
    roc, _ = classifier_curves(target, scores, task="binary", classes=("no", "yes"))
    curve = roc["yes"]
    assert len(curve.x) <= MAX_CURVE_POINTS
    assert (curve.x[0], curve.y[0], curve.x[-1], curve.y[-1]) == (0, 0, 1, 1)
    exact = compute_metrics(target, scores, task="binary")["roc_auc"]
    assert np.trapezoid(curve.y, curve.x) == pytest.approx(exact, abs=1e-3)


def test_a_holdout_of_one_class_has_no_curve_but_the_rest() -> None:
    scores = np.column_stack([np.full(50, 0.4), np.full(50, 0.6)])
    target = np.ones(50, dtype=np.int64)
    assert classifier_curves(target, scores, task="binary", classes=("no", "yes")) == ({}, {})
    (only,) = calibration_bins(target, scores, task="binary")
    assert (only.rows, only.hits.value) == (50, 1.0)


def test_answers_that_are_not_finite_have_no_findings() -> None:
    of = replace(definition("regression"))
    data = prepare(table(sample_csv("regression")), of)
    pipeline = fit(of, candidate("ridge"), data.training_frame, data.training_target, None)
    scores = np.full((len(data.holdout_frame), 1), np.nan)
    assert (
        holdout_findings(of, pipeline, frame=data.holdout_frame, target=data.holdout_target, scores=scores)
        is None
    )
