from dataclasses import replace

import numpy as np
import pytest

from lambdaloop.domain.errors import DatasetInvalidError
from lambdaloop.training.folds import check_folds, folds
from lambdaloop.training.preparation import prepare
from tests.unit.training.sample_data import captured_table, definition, prepared, sample_csv, table


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_folds_keep_an_entity_together_and_are_the_same_every_time(task: str) -> None:
    data, model = prepared(task), definition(task)  # type: ignore[arg-type]
    assert data.groups is not None
    groups = data.groups[~data.holdout]
    found = list(folds(data, model))
    assert len(found) == 3
    for fitted, held in found:
        assert not set(groups[fitted]) & set(groups[held])
    assert [held.tolist() for _, held in found] == [held.tolist() for _, held in folds(data, model)]
    other = definition(task, training={"seed": 8})  # type: ignore[arg-type]
    assert [held.tolist() for _, held in found] != [held.tolist() for _, held in folds(data, other)]


def test_folds_of_single_rows_keep_the_share_of_every_class() -> None:
    model = definition(entity=None)
    data = prepare(table(sample_csv()), model)
    assert data.groups is None
    share = data.training_target.mean()
    assert all(abs(data.training_target[held].mean() - share) < 0.02 for _, held in folds(data, model))


def test_entities_that_leave_a_fold_without_a_class_are_told() -> None:
    data, model = prepared(), definition()
    check_folds(data, model)
    assert data.groups is not None
    one_owner = np.where(data.target == 1, "whale", data.groups)
    with pytest.raises(
        DatasetInvalidError, match="of 3 would be trained without class 'yes', whose rows belong"
    ):
        check_folds(replace(data, groups=one_owner), model)


BY_TIME = {"split": "time", "holdout": 0.25}


def test_rows_in_the_order_of_time_are_scored_on_what_came_after_the_fit() -> None:
    model = definition(training=BY_TIME)
    found = list(folds(prepare(table(sample_csv()), model), model))
    assert [held.tolist() for _, held in found] == [
        list(range(75, 150)),
        list(range(150, 225)),
        list(range(225, 300)),
    ]
    assert [fitted.tolist() for fitted, _ in found] == [list(range(75)), list(range(150)), list(range(225))]


def test_uploaded_rows_are_in_every_fit_of_a_run_with_captured_rows() -> None:
    model = definition()
    data = prepare(table(sample_csv(), captured=captured_table(sample_csv(seed=1), held_out=100)), model)
    uploaded = len(data.frame) - 400
    found = list(folds(data, model))
    assert [held.tolist() for _, held in found] == [
        list(range(uploaded + first, uploaded + first + 75)) for first in (75, 150, 225)
    ]
    assert [len(fitted) for fitted, _ in found] == [uploaded + 75, uploaded + 150, uploaded + 225]


def test_folds_in_the_order_of_time_that_lack_a_class_are_left_out() -> None:
    model = definition(training=BY_TIME)
    data = prepare(table(sample_csv()), model)
    late = data.target.copy()
    late[:80] = 0
    assert len(list(folds(replace(data, target=late), model))) == 2
    late[:230] = 0
    with pytest.raises(DatasetInvalidError, match="none of 3 folds has every class both before and after"):
        check_folds(replace(data, target=late), model)


def test_a_regression_has_no_classes_to_lack() -> None:
    model = definition("regression", training=BY_TIME)
    data = prepare(table(sample_csv("regression")), model)
    check_folds(data, model)
    assert len(list(folds(data, model))) == 3
