import numpy as np
import pytest
from numpy.typing import NDArray

from lambdaloop.domain.metrics import Task
from lambdaloop.domain.profile import quantile_edges
from lambdaloop.monitoring.answer_drift import answer_disagreement, answer_drift, profile_drift
from lambdaloop.monitoring.binning import count_codes, count_numbers

Floats = NDArray[np.float64]


def binary(scores: Floats) -> Floats:
    return np.column_stack([1 - scores, scores])


def drawn(rows: int, seed: int, *, shift: float = 0.0) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.random.default_rng(seed).normal(shift, 1.5, rows))))


@pytest.mark.parametrize("rows", [20, 60, 200, 2000])
def test_the_same_distribution_is_no_drift_however_few_rows_there_are(rows: int) -> None:
    found = [
        answer_drift(binary(drawn(rows, seed)), binary(drawn(9 * rows, 1000 + seed)), task="binary")
        for seed in range(200)
    ]
    large = [one for one in found if one and one.index > 0.25 and one.p_value < 0.01]
    assert len(large) <= 4
    # Without what chance adds taken off, few rows would seem to drift.
    assert np.mean([one.index for one in found if one]) < 0.1


@pytest.mark.parametrize("rows", [40, 200, 2000])
def test_answers_that_collapsed_are_a_large_and_certain_drift(rows: int) -> None:
    found = answer_drift(binary(np.full(rows, 0.27)), binary(drawn(9 * rows, 1)), task="binary")
    assert found is not None
    assert found.index > 0.5
    assert found.p_value < 0.001


def test_a_shift_is_measured_alike_on_few_rows_and_on_many() -> None:
    few = [
        answer_drift(binary(drawn(200, s, shift=1)), binary(drawn(200, s + 500)), task="binary")
        for s in range(50)
    ]
    many = answer_drift(binary(drawn(50_000, 1, shift=1)), binary(drawn(50_000, 2)), task="binary")
    assert many is not None
    values = [one.index for one in few if one]
    assert np.mean(values) == pytest.approx(many.index, abs=0.08)
    errors = [one.error for one in few if one]
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.5)


def test_other_labels_and_other_numbers_drift() -> None:
    chance = np.random.default_rng(3)
    classes = np.eye(3)
    one, other = classes[chance.integers(0, 3, 300)], classes[chance.integers(0, 2, 300)]
    labels = answer_drift(one, other, task="multiclass")
    numbers = answer_drift(chance.normal(5, 1, (300, 1)), chance.normal(3, 1, (300, 1)), task="regression")
    for found in (labels, numbers):
        assert found is not None
        assert found.index > 0.5
        assert found.p_value < 0.001


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_too_few_rows_or_scores_that_are_no_numbers_say_nothing(task: Task) -> None:
    columns = {"binary": 2, "multiclass": 3, "regression": 1}[task]
    enough, few = np.full((50, columns), 0.3), np.full((9, columns), 0.3)
    broken = np.full((50, columns), np.nan)
    for sides in ((few, enough), (enough, few), (broken, enough)):
        assert answer_drift(*sides, task=task) is None
        assert answer_disagreement(*sides, task=task) is None
    assert answer_disagreement(enough, enough, task=task) is not None


def test_answers_are_held_against_a_holdouts_profile() -> None:
    holdout = drawn(500, 1)
    profile = count_numbers(holdout, quantile_edges(holdout.tolist()))
    same = profile_drift(binary(drawn(200, 2)), profile, task="binary")
    other = profile_drift(binary(drawn(200, 2, shift=2)), profile, task="binary")
    assert same is not None
    assert other is not None
    assert same.index < 0.1
    assert other.index > 0.5
    assert other.p_value < 0.001
    assert profile_drift(binary(drawn(5, 2)), profile, task="binary") is None


def test_labels_are_held_against_a_holdouts_labels() -> None:
    profile = count_codes(np.random.default_rng(1).integers(0, 3, 500), ("a", "b", "c"))
    found = profile_drift(np.eye(3)[np.zeros(100, dtype=int)], profile, task="multiclass")
    assert found is not None
    assert found.index > 0.5


def test_labels_disagree_where_the_most_likely_one_differs() -> None:
    one, other = binary(np.array([0.4] * 50)), binary(np.array([0.4] * 40 + [0.6] * 10))
    found = answer_disagreement(other, one, task="binary")
    assert found is not None
    assert found.value == 0.2
