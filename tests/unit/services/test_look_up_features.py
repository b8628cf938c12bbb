from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lambdaloop.domain.definition import Feature
from lambdaloop.domain.encoding import RowsInvalidError
from lambdaloop.domain.errors import StoredFeaturesUnavailableError
from lambdaloop.domain.online_rules import FeatureGroup, Online
from lambdaloop.domain.signature import Signature
from lambdaloop.domain.stored_features import StoredRow, item_key
from lambdaloop.services.look_up_features import CompletedRows, FeatureLookUp
from tests.fakes.features import InMemoryFeatureStore, LookUpFigures

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
SIGNATURE = Signature(
    model="churn",
    task="binary",
    classes=("no", "yes"),
    entity="customer",
    features={
        "age": Feature(type="number"),
        "spend": Feature(type="number", nullable=True),
        "orders": Feature(type="integer", min=0, unexpected="reject"),
        "region": Feature(type="category", categories=("north", "south")),
    },
)
SPENDING = FeatureGroup(features={"spend": None, "orders": 0}, ttl="12h")
PLACE = FeatureGroup(features={"region": "north"})


class Desk:
    """A model with two groups of stored features."""

    def __init__(self, spending: FeatureGroup = SPENDING) -> None:
        self.store, self.figures = InMemoryFeatureStore(), LookUpFigures()
        self.look_up = FeatureLookUp(
            Online(groups={"spending": spending, "place": PLACE}),
            reader=self.store,
            metrics=self.figures,
            longest_seconds=2,
        )

    def put(self, group: str, entity: str, *, age: timedelta = HOUR, **values: Any) -> None:
        row = StoredRow(entity=entity, event_time=NOW - age, put_at=NOW, values=values)
        self.store.items[item_key(group, entity)] = (row, None)

    def complete(self, *rows: dict[str, Any], entity_id: str | None = None) -> CompletedRows:
        return self.look_up.complete(rows, signature=SIGNATURE, entity_id=entity_id, at=NOW)


def test_a_row_that_names_its_entity_gets_all_that_is_stored() -> None:
    desk = Desk()
    desk.put("spending", "c-1", spend=41.5, orders=3)
    desk.put("place", "c-1", region="south")
    done = desk.complete({"age": 40, "customer": "c-1"})
    assert done.rows == [{"age": 40, "customer": "c-1", "spend": 41.5, "orders": 3, "region": "south"}]
    assert done.outcomes == [{"spending": "stored", "place": "stored"}]
    assert done.worst == "stored"


def test_all_rows_of_a_request_are_looked_up_at_once_and_each_key_once() -> None:
    desk = Desk()
    desk.put("spending", "7", spend=1.0, orders=1)
    done = desk.complete({"customer": 7}, {"customer": "c-2"}, {"customer": "7"}, entity_id="nobody")
    [keys] = desk.store.asked
    assert keys == {f"{group}#{entity}" for group in ("spending", "place") for entity in ("7", "c-2")}
    assert [row["orders"] for row in done.rows] == [1, 0, 1]


def test_the_entity_of_the_request_is_that_of_rows_without_their_own() -> None:
    desk = Desk()
    desk.put("spending", "c-1", spend=1.0, orders=1)
    desk.put("spending", "c-2", spend=2.0, orders=2)
    done = desk.complete({}, {"customer": "c-2"}, entity_id="c-1")
    assert [row["orders"] for row in done.rows] == [1, 2]


def test_what_a_row_gives_itself_wins_even_if_it_is_a_missing_value() -> None:
    desk = Desk()
    desk.put("spending", "c-1", spend=41.5, orders=3)
    done = desk.complete({"customer": "c-1", "spend": None, "region": "north"})
    assert done.rows[0]["spend"] is None
    assert done.rows[0]["orders"] == 3
    assert done.outcomes == [{"spending": "stored"}]


def test_rows_that_lack_nothing_ask_for_nothing() -> None:
    desk = Desk()
    row = {"age": 1, "spend": 1, "orders": 1, "region": "south"}
    done = desk.complete(row)
    assert done.rows == (row,)
    assert done.worst is None
    assert desk.store.asked == []
    assert desk.figures.recorded == []


def test_nobody_named_or_nothing_stored_is_the_default() -> None:
    desk = Desk()
    done = desk.complete({}, {"customer": "c-9"}, {"customer": ""})
    assert [{name: row[name] for name in ("spend", "orders", "region")} for row in done.rows] == [
        {"spend": None, "orders": 0, "region": "north"}
    ] * 3
    assert done.worst == "default"


def test_half_a_character_names_nobody_and_spoils_no_other_row() -> None:
    desk = Desk()
    desk.put("spending", "c-1", spend=1.0, orders=1)
    done = desk.complete({"customer": "\ud800"}, {"customer": "c-1"})
    assert [row["orders"] for row in done.rows] == [0, 1]
    assert desk.store.asked == [{"spending#c-1", "place#c-1"}]


@pytest.mark.parametrize(
    ("age", "orders"),
    [
        (12 * HOUR, 3),
        (12 * HOUR + timedelta(microseconds=1), 0),
        (timedelta(0), 3),
        (-timedelta(minutes=5), 3),  # the clock of whoever put it is ahead of ours
        (-timedelta(minutes=6), 0),
    ],
)
def test_a_value_counts_for_as_long_as_its_time_to_live_whatever_dynamodb_deletes(
    age: timedelta, orders: int
) -> None:
    desk = Desk()
    desk.put("spending", "c-1", age=age, spend=1.0, orders=3)
    assert desk.complete({"customer": "c-1"}).rows[0]["orders"] == orders


@pytest.mark.parametrize("orders", ["3", 3.5, -1, None, True, [3]])
def test_a_stored_value_that_is_none_of_the_feature_is_the_default_and_the_others_count(orders: Any) -> None:
    desk = Desk()
    desk.put("spending", "c-1", spend=41.5, orders=orders)
    done = desk.complete({"customer": "c-1", "region": "north"})
    assert (done.rows[0]["spend"], done.rows[0]["orders"]) == (41.5, 0)
    assert done.worst == "default"


def test_a_feature_that_was_stored_before_it_joined_its_group_is_the_default() -> None:
    desk = Desk()
    desk.put("spending", "c-1", spend=41.5)
    assert desk.complete({"customer": "c-1"}).rows[0]["orders"] == 0


def test_an_older_version_gets_no_feature_that_it_does_not_know() -> None:
    desk = Desk()
    known = {name: feature for name, feature in SIGNATURE.features.items() if name != "spend"}
    older = Signature(model="churn", task="binary", classes=("no", "yes"), entity="customer", features=known)
    done = desk.look_up.complete([{"customer": "c-1"}], signature=older, entity_id=None, at=NOW)
    assert "spend" not in done.rows[0]


def test_a_store_that_does_not_answer_costs_values_and_no_prediction() -> None:
    desk = Desk()
    desk.put("spending", "c-1", spend=1.0, orders=3)
    desk.store.down = True
    done = desk.complete({"customer": "c-1"}, {"spend": 1, "orders": 1, "region": "south"})
    assert done.rows[0]["orders"] == 0
    assert done.outcomes == [{"spending": "unavailable", "place": "unavailable"}, {}]
    [figures] = desk.figures.recorded
    assert (figures["rows"], figures["defaults"], figures["unavailable"]) == (1, 0, 1)


def test_rows_whose_batch_was_answered_keep_what_they_got() -> None:
    desk = Desk()
    for entity in ("c-1", "c-2"):
        desk.put("spending", entity, spend=1.0, orders=3)
    desk.store.unread = {"spending#c-2"}
    done = desk.complete({"customer": "c-1", "region": "north"}, {"customer": "c-2", "region": "north"})
    assert [row["orders"] for row in done.rows] == [3, 0]
    assert [each["spending"] for each in done.outcomes] == ["stored", "unavailable"]
    assert done.worst == "unavailable"


def test_a_required_group_refuses_rather_than_guesses() -> None:
    required = FeatureGroup(features=SPENDING.features, required=True)
    desk = Desk(required)
    desk.store.unread = {"spending#c-1"}
    with pytest.raises(StoredFeaturesUnavailableError, match="of group 'spending' cannot be looked up now"):
        desk.complete({"customer": "c-1"})
    assert desk.complete({"customer": "c-2"}).worst == "default", "nothing stored is an answer"
    assert desk.complete({"customer": "c-1", "spend": 1, "orders": 1}).worst == "default"


def test_a_required_group_does_not_care_about_the_others() -> None:
    desk = Desk(FeatureGroup(features=SPENDING.features, required=True))
    desk.store.unread = {"place#c-1"}
    assert desk.complete({"customer": "c-1"}).outcomes[0]["place"] == "unavailable"


@pytest.mark.parametrize(("rows", "seconds"), [(1, 0.5), (400, 0.5), (401, 1.0), (5000, 2)])
def test_a_large_request_waits_in_proportion_and_leaves_time_for_the_prediction(
    rows: int, seconds: float
) -> None:
    desk = Desk()
    desk.complete(*({"customer": number} for number in range(rows)))
    assert desk.store.patience == [seconds]


def test_an_entity_that_is_none_is_refused_as_for_any_prediction() -> None:
    with pytest.raises(RowsInvalidError, match="must be text or a whole number"):
        Desk().complete({"customer": 1.5})
