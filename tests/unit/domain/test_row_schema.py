from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdaloop.domain.definition import Feature
from lambdaloop.domain.encoding import RowEncoder, RowsInvalidError
from lambdaloop.domain.row_schema import row_schema
from lambdaloop.domain.signature import Signature

FEATURES = {
    "amount": Feature(type="number", min=-1, max=10),
    "rate": Feature(type="number", nullable=True, min=0, unexpected="reject"),
    "visits": Feature(type="integer", min=0, max=1000, unexpected="reject"),
    "active": Feature(type="boolean"),
    "plan": Feature(type="category", categories=("basic", "plus")),
    "tier": Feature(type="category", categories=("a", "b"), nullable=True, unexpected="reject"),
    "city": Feature(type="category", categories=("Oslo",), nullable=True),
    "note": Feature(type="text"),
    "remark": Feature(type="text", nullable=True),
}
SIGNATURE = Signature(
    model="churn", task="binary", features=FEATURES, classes=("no", "yes"), entity="customer"
)
ROW: dict[str, Any] = {"amount": 3.5, "visits": 4, "active": True, "plan": "plus", "note": ""}
SCHEMA = row_schema(SIGNATURE, version=7)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

values = (
    st.none()
    | st.booleans()
    | st.integers(-2, 1002)
    | st.sampled_from([0, 1, 0.0, 1.0])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["plus", "Oslo", "a", "", " ", "\x1c", "\u00a0", "x" * 10_001, "never seen"])
    | st.text()
)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", [*FEATURES, "customer"])
@given(value=values)
def test_every_value_that_the_schema_allows_is_taken(name: str, value: object) -> None:
    row = {**ROW, name: value}
    if VALIDATOR.is_valid(row):
        RowEncoder(SIGNATURE).encode([row])


@pytest.mark.parametrize(
    "change",
    [
        {"visits": 1001},
        {"visits": 3.5},
        {"visits": None},
        {"rate": -0.5},
        {"amount": "3"},
        {"active": "yes"},
        {"active": 2},
        {"plan": ""},
        {"plan": "x" * 10_001},
        {"tier": "c"},
        {"note": None},
        {"remark": 7},
        {"surprise": 1},
    ],
)
def test_what_is_refused_the_schema_does_not_allow(change: dict[str, Any]) -> None:
    row = {**ROW, **change}
    with pytest.raises(RowsInvalidError):
        RowEncoder(SIGNATURE).encode([row])
    assert not VALIDATOR.is_valid(row)


def test_ordinary_values_are_told_where_others_are_answered() -> None:
    told = SCHEMA["properties"]
    assert told["amount"]["description"].startswith("Ordinarily minimum -1, maximum 10; ")
    assert told["plan"]["examples"] == ["basic", "plus"]
    assert told["tier"] == {"enum": ["a", "b", None]}
    assert SCHEMA["required"] == ["amount", "visits", "active", "plan", "note"]
