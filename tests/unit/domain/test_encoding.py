import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdaloop.domain.definition import Feature
from lambdaloop.domain.encoding import RowEncoder, RowsInvalidError
from lambdaloop.domain.signature import Signature

FEATURES = {
    "amount": Feature(type="number", nullable=True),
    "age": Feature(type="integer", min=0, max=120, unexpected="reject"),
    "active": Feature(type="boolean", nullable=True),
    "plan": Feature(type="category", categories=("basic", "pro"), nullable=True),
    "region": Feature(type="category", categories=("north", "south"), unexpected="reject"),
}
SIGNATURE = Signature(
    model="churn", task="binary", features=FEATURES, classes=("no", "yes"), entity="customer"
)
ROW: dict[str, Any] = {"amount": 1.5, "age": 30, "active": True, "plan": "pro", "region": "north"}


def encode(**changes: Any) -> list[float]:
    return list(RowEncoder(SIGNATURE).encode([ROW | changes]))


def problems(**changes: Any) -> list[tuple[str, str]]:
    with pytest.raises(RowsInvalidError) as caught:
        encode(**changes)
    return [(problem.field, problem.problem) for problem in caught.value.problems]


def test_numbers_stay_booleans_become_one_and_categories_their_index() -> None:
    assert encode() == [1.5, 30.0, 1.0, 1.0, 0.0]


def test_missing_values_become_nan_or_the_number_of_categories() -> None:
    amount, _, active, plan, _ = encode(amount=None, active=None, plan=None)
    assert math.isnan(amount)
    assert math.isnan(active)
    assert plan == 2.0


def test_an_absent_field_and_blank_text_are_missing_values() -> None:
    row = {name: value for name, value in ROW.items() if name != "plan"}
    assert list(RowEncoder(SIGNATURE).encode([row])) == encode(plan=" ") == encode(plan=None)


def test_an_unseen_category_is_minus_one_where_it_is_accepted() -> None:
    assert encode(plan="gold")[3] == -1.0


def test_the_entity_may_come_along_and_is_not_encoded() -> None:
    assert encode(customer="c-1") == encode()


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("amount", "1.5", "must be a number, got '1.5'"),
        ("amount", True, "must be a number, got True"),
        ("amount", math.nan, "must be a finite number, got nan"),
        ("amount", math.inf, "must be a finite number, got inf"),
        ("amount", 10**400, "must be a number below 1.8e308, got a greater one"),
        ("amount", [1], "must be a number, got [1]"),
        ("age", 30.5, "must be a whole number, got 30.5"),
        ("age", 121, "must be 0 to 120, got 121"),
        ("age", None, "is missing: give a value"),
        ("active", "yes", "must be true or false, got 'yes'"),
        ("active", 2, "must be true or false, got 2"),
        ("plan", 1, "must be text, got 1"),
        ("region", "east", "must be one of north, south, got 'east'"),
        ("region", "", "is missing: give a value"),
        ("colour", "red", "is not a field of this model: remove it"),
    ],
)
def test_each_wrong_value_is_named_with_its_fix(field: str, value: Any, problem: str) -> None:
    assert problems(**{field: value}) == [(field, problem)]


def test_every_problem_of_every_row_is_reported() -> None:
    with pytest.raises(RowsInvalidError) as caught:
        RowEncoder(SIGNATURE).encode([ROW, ROW | {"age": "x", "plan": 3}, ROW | {"amount": "y"}])
    found = [(problem.row, problem.field) for problem in caught.value.problems]
    assert found == [(1, "age"), (1, "plan"), (2, "amount")]


def test_zero_and_one_are_booleans_and_a_whole_float_is_an_integer() -> None:
    assert encode(active=0, age=30.0)[1:3] == [30.0, 0.0]


@given(
    st.dictionaries(
        st.sampled_from([*FEATURES, "other"]),
        st.none()
        | st.text()
        | st.floats()
        | st.integers()
        | st.booleans()
        | st.lists(st.integers(), max_size=2),
    )
)
def test_any_row_is_either_encoded_or_refused_by_that_one_error(row: dict[str, Any]) -> None:
    try:
        matrix = RowEncoder(SIGNATURE).encode([row])
    except RowsInvalidError:
        pass
    else:
        assert len(matrix) == len(FEATURES)
        assert not any(math.isinf(value) for value in matrix)
