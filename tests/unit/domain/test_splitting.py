from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from lambdaloop.domain.documents import from_document, to_document
from lambdaloop.domain.splitting import Split, holdout_mask, in_holdout, row_key
from tests.unit.training.sample_data import FEATURES, definition

KEYS = st.lists(st.text(max_size=8), max_size=40)


@given(keys=KEYS, fraction=st.floats(0.05, 0.5), order=st.randoms(use_true_random=False))
def test_the_side_of_a_row_depends_on_no_other_row_and_on_no_order(
    keys: list[str], fraction: float, order: object
) -> None:
    sides = dict(zip(keys, holdout_mask(keys, model="churn", fraction=fraction, split="hash"), strict=True))
    shuffled = sorted(keys, key=lambda _: order.random())  # type: ignore[attr-defined]
    again = holdout_mask(shuffled, model="churn", fraction=fraction, split="hash")
    assert again == [sides[key] for key in shuffled]
    assert all(in_holdout(key, model="churn", fraction=fraction) == side for key, side in sides.items())


@given(entities=st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=30))
def test_an_entity_never_straddles_the_split(entities: list[str]) -> None:
    mask = holdout_mask(entities, model="churn", fraction=0.3, split="hash")
    assert len(set(zip(entities, mask, strict=True))) == len(set(entities))


@given(key=st.text(), small=st.floats(0.05, 0.5), more=st.floats(0.0, 0.4))
def test_a_larger_holdout_keeps_whom_the_smaller_one_held(key: str, small: float, more: float) -> None:
    if in_holdout(key, model="churn", fraction=small):
        assert in_holdout(key, model="churn", fraction=small + more)


def test_the_holdout_has_about_the_wanted_size() -> None:
    mask = holdout_mask([f"customer-{i}" for i in range(20_000)], model="churn", fraction=0.2, split="hash")
    assert abs(sum(mask) / len(mask) - 0.2) < 0.01


def test_sides_are_the_ones_they_always_were() -> None:
    held = [i for i in range(40) if in_holdout(f"customer-{i}", model="churn", fraction=0.2)]
    assert held == [22, 24, 27]


def test_models_hold_out_different_rows() -> None:
    keys = [f"customer-{i}" for i in range(1000)]
    one = holdout_mask(keys, model="churn", fraction=0.5, split="hash")
    assert one != holdout_mask(keys, model="fraud", fraction=0.5, split="hash")


def test_by_time_the_last_rows_are_held_out() -> None:
    mask = holdout_mask(list("abcde"), model="churn", fraction=0.4, split="time")
    assert mask == [False, False, False, True, True]


def test_a_split_lies_within_another_with_the_same_key_and_no_smaller_fraction() -> None:
    split = Split.of(definition())
    assert split == Split(kind="hash", fraction=0.2, key_columns=("customer",))
    assert split.lies_within(split)
    assert split.lies_within(Split.of(definition(training={"holdout": 0.3})))
    assert not split.lies_within(Split.of(definition(training={"holdout": 0.1})))
    assert not split.lies_within(Split.of(definition(training={"split": "time"})))


def test_without_an_entity_the_features_are_part_of_the_split() -> None:
    fewer = {name: FEATURES[name] for name in ("plan", "amount")}
    now, before = Split.of(definition(entity=None, features=fewer)), Split.of(definition(entity=None))
    assert now.key_columns == ("amount", "outcome", "plan")
    assert not now.lies_within(before)
    assert Split.of(definition(features=fewer)).lies_within(Split.of(definition()))


def test_rows_that_the_hash_holds_out_are_unseen_by_a_model_of_captured_rows_too() -> None:
    at = datetime(2026, 5, 1, tzinfo=UTC)
    recent = Split.recent(definition(), since=at, until=at, uploaded=True)
    assert (recent.kind, recent.fraction, recent.key_columns) == ("recent", 0.2, ())
    assert Split.of(definition()).lies_within(recent)
    assert not Split.of(definition(training={"holdout": 0.3})).lies_within(recent)
    alone = Split.recent(definition(), since=at, until=at, uploaded=False)
    by_time = Split.recent(definition(training={"split": "time"}), since=at, until=at, uploaded=True)
    assert not Split.of(definition()).lies_within(alone)
    assert not Split.of(definition(training={"split": "time"})).lies_within(by_time)
    assert from_document(Split, to_document(recent)) == recent


def test_fields_cannot_run_into_each_other() -> None:
    assert row_key(["ab", "c"]) != row_key(["a", "bc"])
