import numpy as np
import pytest

from lambdaloop.domain.metrics import Task
from lambdaloop.domain.profile import CategoryProfile, NumericProfile, Profile
from lambdaloop.domain.signature import Signature
from lambdaloop.training.baseline import profile_baseline
from tests.unit.training.sample_data import definition, prepared


def test_features_are_profiled_by_their_types() -> None:
    data = prepared()
    frame = data.training_frame
    scores = np.tile([0.4, 0.6], (len(data.holdout_frame), 1))
    baseline = profile_baseline(Signature.of(definition()), frame, scores)
    assert baseline.rows == len(frame)
    age, plan, active, region = (
        baseline.features[name] for name in ("age", "plan", "active", "region (code)")
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
    baseline = profile_baseline(Signature.of(model), data.training_frame, scores)
    assert list(baseline.scores) == labels
    prediction = baseline.prediction
    assert sum(prediction.counts) == len(scores)
    if task == "regression":
        assert isinstance(prediction, NumericProfile)
    else:
        assert isinstance(prediction, CategoryProfile)
        assert prediction.counts == tuple(np.bincount(scores.argmax(axis=1), minlength=len(model.classes)))
    assert Profile.from_json(baseline.to_json()) == baseline
