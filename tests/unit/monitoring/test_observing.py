import json
from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdaloop.domain.baseline import Curve
from lambdaloop.domain.documents import from_document, to_document
from lambdaloop.domain.metrics import Task
from lambdaloop.domain.outcomes import ClassOutcomes, NumberOutcomes, Outcomes
from lambdaloop.domain.outcomes_merge import merge_outcomes
from lambdaloop.monitoring.estimates import estimates
from lambdaloop.monitoring.observing import expect, observe
from tests.unit.monitoring.drawn_predictions import CLASSES, TASKS, Drawn, draw

IDENTITY = {"yes": Curve(x=(0.0, 1.0), y=(0.0, 1.0))}


def outcomes_of(task: Task, drawn: Drawn, *, expected: bool) -> Outcomes:
    actual, scores = drawn
    if not expected:
        return observe(task, CLASSES[task], actual, scores)
    curves = {str(label): Curve(x=(0.0, 0.4, 1.0), y=(0.1, 0.3, 0.95)) for label in CLASSES[task]}
    loss = (
        np.abs(np.column_stack([scores[:, 0] / 20, scores[:, 0] ** 2 / 300]))
        if task == "regression"
        else None
    )
    return expect(task, CLASSES[task], scores, curves, loss)


def merged(parts: list[Outcomes]) -> Outcomes:
    whole = reduce(merge_outcomes, parts, None)
    assert whole is not None
    return whole


def flat(outcomes: Outcomes) -> list[float]:
    """Every number, in order."""
    found: list[float] = []

    def walk(value: object) -> None:
        if isinstance(value, dict):
            for each in value.values():
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)
        elif isinstance(value, int | float):
            found.append(float(value))

    walk(to_document(outcomes))
    return found


@settings(max_examples=40, deadline=None)
@given(
    task=st.sampled_from(TASKS),
    expected=st.booleans(),
    rows=st.integers(1, 60),
    seed=st.integers(0, 2**32 - 1),
    cuts=st.lists(st.integers(0, 60), max_size=6),
)
def test_the_outcomes_of_parts_add_up_to_those_of_the_whole(
    task: Task, expected: bool, rows: int, seed: int, cuts: list[int]
) -> None:
    actual, scores = draw(task, rows, seed=seed)
    chance = np.random.default_rng(seed)
    part = np.searchsorted(sorted(min(cut, rows) for cut in cuts), np.arange(rows), side="right")
    pieces = [(actual[part == place], scores[part == place]) for place in range(len(cuts) + 1)]
    parts = [outcomes_of(task, piece, expected=expected) for piece in pieces]
    whole = outcomes_of(task, (actual, scores), expected=expected)
    # Counts are kept to a millionth in every part.
    assert flat(merged(parts)) == pytest.approx(flat(whole), rel=1e-9, abs=1e-6 * (len(parts) + 1))
    shuffled = [parts[place] for place in chance.permutation(len(parts))]
    assert flat(merged(shuffled)) == pytest.approx(flat(merged(parts)), rel=1e-9, abs=1e-9)
    order = chance.permutation(rows)
    assert flat(outcomes_of(task, (actual[order], scores[order]), expected=expected)) == pytest.approx(
        flat(whole), rel=1e-12, abs=1e-12
    )


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_observed_counts_of_parts_add_up_exactly_in_any_order(task: Task) -> None:
    actual, scores = draw(task, 5000)
    parts = [observe(task, CLASSES[task], actual[i::7], scores[i::7]) for i in range(7)]
    whole = observe(task, CLASSES[task], actual, scores)
    one, other = merged(parts), merged(parts[::-1])
    assert isinstance(one, ClassOutcomes)
    assert isinstance(other, ClassOutcomes)
    assert isinstance(whole, ClassOutcomes)
    assert one.rankings == other.rankings == whole.rankings
    assert (one.rows, one.actual, one.predicted, one.correct) == (
        whole.rows,
        whole.actual,
        whole.predicted,
        whole.correct,
    )


def test_certain_probabilities_expect_what_labels_observe() -> None:
    scores = np.repeat([[1.0, 0.0], [0.0, 1.0]], [30, 70], axis=0)
    actual = np.repeat([0, 1], [30, 70])
    assert expect("binary", ("no", "yes"), scores, IDENTITY, None) == observe(
        "binary", ("no", "yes"), actual, scores
    )


def test_a_prediction_that_is_right_with_probability_p_counts_p() -> None:
    scores = np.array([[0.2, 0.8], [0.7, 0.3]])
    found = expect("binary", ("no", "yes"), scores, IDENTITY, None)
    assert isinstance(found, ClassOutcomes)
    assert found.actual == pytest.approx((0.2 + 0.7, 0.8 + 0.3))
    assert found.predicted == (1.0, 1.0)
    assert found.correct == pytest.approx((0.7, 0.8))
    assert found.brier.total == pytest.approx(0.8 * 0.04 + 0.2 * 0.64 + 0.3 * 0.49 + 0.7 * 0.09)


def test_the_expected_outcome_of_many_rows_is_the_observed_one() -> None:
    for task in ("binary", "multiclass"):
        actual, scores = draw(task, 200_000)
        curves = {str(label): Curve(x=(0.0, 1.0), y=(0.0, 1.0)) for label in CLASSES[task]}
        real = estimates(observe(task, CLASSES[task], actual, scores), task)
        expected = estimates(expect(task, CLASSES[task], scores, curves, None), task)
        for name, each in real.items():
            assert expected[name].value == pytest.approx(each.value, abs=0.005), name


def test_a_regression_with_known_gaussian_errors_expects_its_metrics() -> None:
    actual, scores = draw("regression", 200_000)
    loss = np.tile([4 * np.sqrt(2 / np.pi), 16.0], (len(scores), 1))
    real = estimates(observe("regression", (), actual, scores), "regression")
    expected = estimates(expect("regression", (), scores, {}, loss), "regression")
    for name, each in real.items():
        assert expected[name].value == pytest.approx(each.value, rel=0.01), name
        assert expected[name].high == pytest.approx(each.high, rel=0.01), name


@pytest.mark.parametrize("task", TASKS)
def test_no_rows_have_outcomes_that_change_no_others(task: Task) -> None:
    actual, scores = draw(task, 50)
    some = observe(task, CLASSES[task], actual, scores)
    none = observe(task, CLASSES[task], actual[:0], scores[:0])
    assert merge_outcomes(none, some) == merge_outcomes(some, none) == some


def test_large_numbers_that_differ_little_keep_their_spread() -> None:
    actual, scores = draw("regression", 1000)
    far = 1e9
    near = estimates(observe("regression", (), actual, scores), "regression")
    parts = [observe("regression", (), actual[i::5] + far, scores[i::5] + far) for i in range(5)]
    found = estimates(merged(parts), "regression")
    assert found["r2"].value == pytest.approx(near["r2"].value, abs=1e-6)
    assert found["r2"].high == pytest.approx(near["r2"].high, abs=1e-6)


def test_an_absurd_label_does_not_overflow() -> None:
    found = observe("regression", (), np.array([1e300, -1e300, 1.0]), np.array([[1.0], [2.0], [1e308]]))
    assert isinstance(found, NumberOutcomes)
    json.dumps(to_document(found), allow_nan=False)
    assert estimates(found, "regression")["mae"].value == pytest.approx(1e60)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_no_number_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="must be finite"):
        observe("regression", (), np.array([1.0]), np.array([[bad]]))
    with pytest.raises(ValueError, match="must be finite"):
        observe("regression", (), np.array([bad]), np.array([[1.0]]))
    with pytest.raises(ValueError, match="must be finite"):
        expect("binary", ("no", "yes"), np.array([[1.0, bad]]), IDENTITY, None)


def test_a_regression_cannot_be_expected_without_expected_losses() -> None:
    with pytest.raises(ValueError, match="give expected_loss"):
        expect("regression", (), np.array([[1.0]]), {}, None)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("expected", [False, True])
def test_outcomes_of_many_rows_are_small_and_read_back(task: Task, expected: bool) -> None:
    found = outcomes_of(task, draw(task, 20_000), expected=expected)
    text = json.dumps(to_document(found), separators=(",", ":"))
    assert from_document(type(found), json.loads(text)) == found
    assert len(text) < {"binary": 6_000, "multiclass": 20_000, "regression": 600}[task]


def test_more_than_20_classes_are_not_ranked() -> None:
    scores = np.full((5, 21), 1 / 21)
    found = observe("multiclass", tuple(range(21)), np.arange(5), scores)
    assert isinstance(found, ClassOutcomes)
    assert not found.rankings
    assert estimates(found, "multiclass")["roc_auc_ovr"].value is None
