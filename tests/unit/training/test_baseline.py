from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lambdaloop.domain.baseline import Baseline
from lambdaloop.domain.metrics import Task
from lambdaloop.domain.profile import CategoryProfile, NumericProfile
from lambdaloop.domain.serving_rules import Serving
from lambdaloop.domain.signature import Signature
from lambdaloop.monitoring.estimates import estimates
from lambdaloop.monitoring.observing import observe
from lambdaloop.monitoring.profiling import profile_rows
from lambdaloop.training.baseline import build_baseline, frame_columns
from lambdaloop.training.pipelines import fit
from lambdaloop.training.scoring import compute_metrics, predict_scores
from tests.unit.training.sample_data import FEATURES, USUAL, candidate, definition, prepared

TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")


def fitted_scores(task: Task) -> NDArray[np.float64]:
    data, model = prepared(task), definition(task)
    pipeline = fit(model, candidate(USUAL[task][0]), data.training_frame, data.training_target)
    return predict_scores(pipeline, data.holdout_frame, task=task)


def baseline(
    task: Task = "binary", *, captured: tuple[str, ...] = tuple(FEATURES), scores: Any = None
) -> Baseline:
    data, model = prepared(task), definition(task, serving=Serving(capture=captured))
    return build_baseline(
        Signature.of(model),
        captured=model.serving.capture,
        frame=data.training_frame,
        holdout_frame=data.holdout_frame,
        holdout_target=data.holdout_target,
        scores=fitted_scores(task) if scores is None else scores,
    )


def test_features_are_profiled_by_their_types() -> None:
    frame = prepared().training_frame
    profile = baseline().profile
    assert profile.rows == len(frame)
    age, plan, active, region = (
        profile.features[name] for name in ("age", "plan", "active", "region (code)")
    )
    assert isinstance(age, NumericProfile)
    assert (age.missing, age.min, age.max) == (
        frame["age"].isna().sum(),
        frame["age"].min(),
        frame["age"].max(),
    )
    assert age.mean == pytest.approx(frame["age"].mean())
    assert age.m2 / (age.count - 1) == pytest.approx(frame["age"].var())
    assert isinstance(plan, CategoryProfile)
    assert plan.counts == tuple((frame["plan"] == name).sum() for name in plan.categories)
    assert isinstance(active, CategoryProfile)
    assert active.categories == ("false", "true")
    assert active.counts == ((frame["active"] == 0).sum(), (frame["active"] == 1).sum())
    assert isinstance(region, CategoryProfile)
    assert region.missing == frame["region (code)"].isna().sum() > 0
    assert sum(region.counts) + region.missing == len(frame)


@pytest.mark.parametrize(
    ("task", "labels"), [("binary", ["yes"]), ("multiclass", ["2", "0", "1"]), ("regression", [])]
)
def test_predictions_are_profiled_on_the_holdout(task: Task, labels: list[str]) -> None:
    data, model = prepared(task), definition(task)
    scores = np.random.default_rng(0).random((len(data.holdout_frame), max(1, len(model.classes))))
    profile = baseline(task, scores=scores).profile
    assert list(profile.scores) == labels
    prediction = profile.prediction
    assert sum(prediction.counts) == len(scores)
    if task == "regression":
        assert isinstance(prediction, NumericProfile)
    else:
        assert isinstance(prediction, CategoryProfile)
        assert prediction.counts == tuple(np.bincount(scores.argmax(axis=1), minlength=len(model.classes)))


@pytest.mark.parametrize("task", TASKS)
def test_outcomes_are_those_of_the_holdout(task: Task) -> None:
    data, scores = prepared(task), fitted_scores(task)
    found = baseline(task)
    assert found.outcomes == observe(task, definition(task).classes, data.holdout_target, scores)
    wanted = compute_metrics(data.holdout_target, scores, task=task)
    metric = definition(task).training.metric
    assert estimates(found.outcomes, task)[metric].value == pytest.approx(wanted[metric], abs=0.01)


@pytest.mark.parametrize(
    ("task", "labels"), [("binary", ["yes"]), ("multiclass", ["2", "0", "1"]), ("regression", [])]
)
def test_each_score_has_a_calibration_curve(task: Task, labels: list[str]) -> None:
    assert list(baseline(task).calibration) == labels


@pytest.mark.parametrize("task", TASKS)
def test_a_baseline_reads_back(task: Task) -> None:
    found = baseline(task)
    assert Baseline.from_json(found.to_json()) == found


def test_relations_are_learned_between_captured_features_only() -> None:
    captured = ("age", "score", "amount", "plan")
    found = baseline(captured=captured)
    assert found.reconstruction is not None
    assert {name.split("=")[0] for name in found.reconstruction.columns} <= set(captured)
    assert found.profile.reconstruction is not None
    assert found.profile.reconstruction.rows == len(prepared().holdout_frame)
    assert set(found.profile.features) == set(FEATURES)


def test_without_captured_features_there_are_no_relations() -> None:
    found = baseline(captured=())
    assert found.reconstruction is None
    assert found.profile.reconstruction is None


def test_a_frame_becomes_columns_as_the_prediction_log_gives_them() -> None:
    columns = frame_columns(prepared().training_frame)
    assert list(columns) == list(FEATURES)
    region, age, active = (columns[name] for name in ("region (code)", "age", "active"))
    assert set(region.tolist()) == {"north", "south", "west", None}
    assert all(values.dtype == np.float64 for values in (age, active))
    assert np.isnan(age).any()
    assert set(active[~np.isnan(active)].tolist()) == {0.0, 1.0}


def test_served_rows_fall_into_the_baselines_bins() -> None:
    """The training rows, served again, look exactly like the baseline."""
    found = baseline()
    columns = frame_columns(prepared().training_frame)
    served = profile_rows(
        columns,
        np.full((found.profile.rows, 2), 0.5),
        signature=Signature.of(definition()),
        like=found.profile,
        reconstruction=found.reconstruction,
    )
    assert served.features == found.profile.features
