"""Training rows get what a request at their time would have been given, and nothing newer."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdaloop.domain.definition import Data, Feature, ModelDefinition
from lambdaloop.domain.errors import DatasetInvalidError
from lambdaloop.domain.online_rules import FeatureGroup, Online
from lambdaloop.domain.stored_features import StoredRow, is_fresh
from lambdaloop.training.point_in_time import join_stored_features, newest_before
from lambdaloop.training.tables import RawTable
from tests.unit.training.sample_data import definition, table

START = datetime(2026, 3, 1, tzinfo=UTC)
FEATURES = {
    "amount": Feature(type="number"),
    "spend": Feature(type="number", nullable=True),
    "loyal": Feature(type="boolean"),
    "plan": Feature(type="category", categories=("basic", "plus")),
}
ONLINE = Online(
    groups={
        "spending": FeatureGroup(features={"spend": None, "loyal": False}, ttl="2d"),
        "plans": FeatureGroup(features={"plan": "basic"}),
    },
    event_time="asked_at",
)
MODEL: ModelDefinition = definition(features=FEATURES, online=ONLINE, data=Data(location="sample/"))


def at(days: float) -> datetime:
    return START + timedelta(days=days)


def row(entity: str, days: float, *, put: float = 100, **values: object) -> StoredRow:
    return StoredRow(entity=entity, event_time=at(days), put_at=at(put), values=values)  # type: ignore[arg-type]


def joined(content: str, model: ModelDefinition = MODEL, **history: list[StoredRow]) -> RawTable:
    return join_stored_features(table(content.encode()), model, lambda group: history.get(group, []))


def test_each_row_gets_the_newest_values_of_its_entity_that_were_true_by_then() -> None:
    content = "customer,asked_at,amount,outcome\n" + "".join(
        f"{entity},{at(days).isoformat()},1,yes\n"
        for entity, days in (("a", 3.0), ("b", 3), ("a", 1), ("a", 2))
    )
    result = joined(
        content,
        spending=[
            row("a", 2, spend=2.5, loyal=True),
            row("a", 1, spend=1.5, loyal=False),
            row("a", 3.000001, spend=9.0, loyal=True),
            row("b", 2.5, spend=None, loyal=True),
        ],
        plans=[row("a", 0, plan="plus")],
    )
    assert result.columns == ("customer", "asked_at", "amount", "outcome", "spend", "loyal", "plan")
    assert result.column("spend") == ["2.5", "", "1.5", "2.5"]
    assert result.column("loyal") == ["true", "true", "false", "true"]
    assert result.column("plan") == ["plus", "basic", "plus", "plus"]
    assert result.column("customer") == ["a", "b", "a", "a"], "rows stay in their order"


def test_what_is_too_old_is_the_default() -> None:
    content = (
        f"customer,asked_at,amount,outcome\na,{at(3).isoformat()},1,yes\na,{at(3.01).isoformat()},1,yes\n"
    )
    result = joined(content, spending=[row("a", 1, spend=1.5, loyal=True)])
    assert result.column("spend") == ["1.5", ""]
    assert result.column("loyal") == ["true", "false"]


def test_a_correction_counts_instead_of_what_it_corrects_in_whatever_order_they_lie() -> None:
    content = f"customer,asked_at,amount,outcome\na,{at(1).isoformat()},1,yes\n"
    wrong, right = row("a", 1, put=5, spend=1.0, loyal=True), row("a", 1, put=6, spend=2.0, loyal=True)
    for history in ([wrong, right], [right, wrong]):
        assert joined(content, spending=history).column("spend") == ["2.0"]


def test_a_value_that_is_none_of_the_feature_is_the_default_as_in_serving() -> None:
    content = f"customer,asked_at,amount,outcome\na,{at(1).isoformat()},1,yes\n"
    result = joined(content, spending=[row("a", 0, spend=1.0, loyal=True), row("a", 1, spend="much")])
    assert (result.column("spend"), result.column("loyal")) == ([""], ["false"])


def test_a_column_that_the_data_bring_themselves_counts_as_it_is() -> None:
    content = f"customer,asked_at,amount,outcome,spend\na,{at(1).isoformat()},1,yes,7\n"
    result = joined(content, spending=[row("a", 0, spend=1.0, loyal=True)])
    assert result.columns == ("customer", "asked_at", "amount", "outcome", "spend", "loyal", "plan")
    assert (result.column("spend"), result.column("loyal")) == (["7"], ["true"])


def test_data_with_all_columns_need_no_time_and_no_history() -> None:
    content = "customer,amount,outcome,spend,loyal,plan\na,1,yes,7,true,basic\n"
    whole = table(content.encode())

    def never(group: str) -> list[StoredRow]:
        raise AssertionError(group)

    assert join_stored_features(whole, MODEL, never) is whole
    assert join_stored_features(whole, definition(), never) is whole


def test_doubles_come_through_bit_for_bit() -> None:
    content = f"customer,asked_at,amount,outcome\na,{at(1).isoformat()},1,yes\n"
    for value in (0.1, 5e-324, 1.7976931348623157e308, -0.0):
        [text] = joined(content, spending=[row("a", 0, spend=value, loyal=True)]).column("spend")
        assert float(text).hex() == value.hex()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (
            "customer,amount,outcome\na,1,yes\n",
            "'asked_at' is missing, by which .* are joined: add it, .* or add the columns spend, loyal, plan",
        ),
        ("asked_at,amount,outcome\n2026-03-01,1,yes\n", "column 'customer' is missing"),
        (
            "customer,asked_at,amount,outcome\na,2026-03-01,1,yes\na,soon,1,no\nb,,1,no\n",
            r"column 'asked_at': 2 × no time, first 'soon' is no time such as 2026-03-02T09:30:00Z in sample/part-1\.csv row 2",
        ),
    ],
)
def test_rows_that_nothing_can_be_joined_to_are_told(content: str, problem: str) -> None:
    with pytest.raises(DatasetInvalidError, match=problem):
        joined(content)


ENTITIES = st.sampled_from("abc")
TIMES = st.integers(0, 20).map(lambda hours: START + timedelta(hours=hours))
ROWS = st.lists(
    st.builds(
        lambda entity, event_time, put_at: StoredRow(
            entity=entity, event_time=event_time, put_at=put_at, values={}
        ),
        ENTITIES,
        TIMES,
        TIMES,
    ),
    max_size=30,
)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    asked=st.lists(st.tuples(ENTITIES, TIMES), min_size=1, max_size=20),
    rows=ROWS,
    hours=st.none() | st.integers(1, 10),
)
def test_never_a_value_from_the_future_and_always_the_newest_that_serving_would_take(
    asked: list[tuple[str, datetime]], rows: list[StoredRow], hours: int | None
) -> None:
    max_age = None if hours is None else timedelta(hours=hours)
    places = newest_before([e for e, _ in asked], [t for _, t in asked], rows, max_age=max_age).tolist()
    for (entity, time), place in zip(asked, places, strict=True):
        known = [one for one in rows if one.entity == entity and one.event_time <= time]
        newest = max(known, key=lambda one: one.order, default=None)
        if newest is None or not is_fresh(newest.event_time, time, max_age):
            assert place == -1
            continue
        chosen = rows[place]
        assert chosen.entity == entity
        assert chosen.event_time <= time, "from the future"
        assert chosen.order == newest.order


@settings(max_examples=20, deadline=None, derandomize=True)
@given(asked=st.lists(st.tuples(ENTITIES, TIMES), min_size=1, max_size=10), rows=ROWS, order=st.randoms())
def test_the_order_in_which_the_history_lies_does_not_matter(
    asked: list[tuple[str, datetime]], rows: list[StoredRow], order: object
) -> None:
    unique = list({(one.entity, one.order): one for one in rows}.values())
    mixed = list(unique)
    order.shuffle(mixed)  # type: ignore[attr-defined]
    entities, times = [e for e, _ in asked], [t for _, t in asked]
    found = [
        [one[place] if place >= 0 else None for place in newest_before(entities, times, one, max_age=None)]
        for one in (unique, mixed)
    ]
    assert found[0] == found[1]
