"""Which label counts does not depend on the order or the repetition of their arrival."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdaloop.domain.captured import CapturedLabel
from lambdaloop.domain.labels import TargetReader, latest_labels, resolve_labels, resolve_rewards
from lambdaloop.domain.prediction_id import new_prediction_id
from tests.fakes.samples import MODEL, MORNING

IDS = [new_prediction_id(MORNING + timedelta(minutes=number)) for number in range(3)]


def label(
    actual: str | float | bool | None,
    *,
    reward: float | None = None,
    prediction: int = 0,
    observed: int = 0,
    received: int = 0,
) -> CapturedLabel:
    """Times in hours."""
    return CapturedLabel(
        prediction_id=IDS[prediction],
        model=MODEL,
        actual=actual,
        reward=reward,
        observed_at=MORNING + timedelta(hours=observed),
        received_at=MORNING + timedelta(hours=received),
    )


LABELS = st.lists(
    st.builds(
        label,
        st.sampled_from(["yes", "no", "1", 1, 1.0, True, "true", None]),
        reward=st.sampled_from([None, None, 0.0, 1.0]),
        prediction=st.integers(0, 2),
        observed=st.integers(0, 2),
        received=st.integers(0, 2),
    ),
    max_size=12,
)


def test_the_last_observation_counts_whichever_came_first() -> None:
    early, late = label("no", observed=1, received=9), label("yes", observed=2, received=3)
    for order in ([early, late], [late, early]):
        assert resolve_labels(order).labels == {IDS[0]: late}


def test_two_values_at_the_same_time_are_a_conflict_and_none_counts() -> None:
    found = resolve_labels([label("yes"), label("no"), label("yes", prediction=1)])
    assert found.conflicts == {IDS[0]}
    assert set(found.labels) == {IDS[1]}


def test_a_later_observation_settles_a_conflict() -> None:
    found = resolve_labels([label("yes"), label("no"), label("no", observed=1)])
    assert not found.conflicts
    assert found.labels[IDS[0]].actual == "no"


def test_the_same_value_in_another_spelling_is_no_conflict() -> None:
    one: list[str | float] = [1, 1.0, "1", "1.0 "]
    true: list[str | bool] = [True, "true", "True"]
    for spellings in (one, true):
        assert not resolve_labels([label(each) for each in spellings]).conflicts


@given(LABELS, st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_matter(labels: list[CapturedLabel], random: object) -> None:
    again = labels + labels[: len(labels) // 2]
    random.shuffle(again)  # type: ignore[attr-defined]
    assert resolve_labels(again) == resolve_labels(labels)
    assert resolve_rewards(again) == resolve_rewards(labels)
    assert latest_labels(again) == latest_labels(labels)


@given(LABELS, st.integers(0, 12))
def test_parts_may_be_reduced_before_they_are_put_together(labels: list[CapturedLabel], cut: int) -> None:
    parts = [*latest_labels(labels[:cut]), *latest_labels(labels[cut:])]
    assert resolve_labels(parts) == resolve_labels(labels)
    assert resolve_rewards(parts) == resolve_rewards(labels)


def test_a_later_reward_leaves_what_was_true_alone_and_the_other_way_round() -> None:
    truth, worth = label("yes", observed=1), label(None, reward=3.5, observed=2)
    later = label("no", observed=3)
    labels = [truth, worth, later]
    assert resolve_labels([truth, worth]).labels == {IDS[0]: truth}
    assert resolve_labels(labels).labels == {IDS[0]: later}
    assert resolve_rewards(labels).labels == {IDS[0]: worth}


def test_rewards_that_contradict_each_other_are_a_conflict_of_rewards_only() -> None:
    labels = [label("yes", reward=1), label("yes", reward=2), label(None, reward=1, prediction=1)]
    assert resolve_rewards(labels).conflicts == {IDS[0]}
    assert set(resolve_rewards(labels).labels) == {IDS[1]}
    assert set(resolve_labels(labels).labels) == {IDS[0]}
    settled = resolve_rewards([*labels, label(None, reward=0, observed=1)])
    assert (settled.conflicts, settled.labels[IDS[0]].reward) == (frozenset(), 0)


@pytest.mark.parametrize(
    ("classes", "actual", "index"),
    [
        (("no", "yes"), "yes", 1),
        (("no", "yes"), "maybe", None),
        (("no", "yes"), True, None),
        ((0, 1), 1, 1),
        ((0, 1), "1.0", 1),
        ((0, 1), True, None),
        ((False, True), "TRUE", 1),
        ((False, True), True, 1),
        (("1", "2"), 2, 1),
    ],
)
def test_a_class_is_known_in_every_spelling_of_its_own_type(
    classes: tuple[str | int | bool, ...], actual: str | float | bool, index: int | None
) -> None:
    assert TargetReader("binary", classes).read(actual) == index


@pytest.mark.parametrize(
    ("actual", "number"),
    [(2, 2.0), ("-1e3", -1000.0), ("1_000", None), ("nan", None), ("x", None), (True, None)],
)
def test_a_number_is_a_finite_number(actual: str | float | bool, number: float | None) -> None:
    assert TargetReader("regression", ()).read(actual) == number


def test_classes_that_are_the_same_number_are_told_apart_by_their_text() -> None:
    codes = TargetReader("multiclass", ("1", "01", "1.0"))
    assert [codes.read(text) for text in ("1", "01", "1.0")] == [0, 1, 2]
