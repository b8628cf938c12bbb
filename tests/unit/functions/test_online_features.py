"""Requests for a model with stored features: rows name an entity, and get the rest looked up."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lambdaloop.domain.online_rules import FeatureGroup, Online
from lambdaloop.domain.stored_features import StoredRow, item_key
from lambdaloop.services.look_up_features import FeatureLookUp
from tests.fakes.features import InMemoryFeatureStore, LookUpFigures
from tests.fakes.tiny_model import ROW
from tests.unit.functions.gateway import Gateway, load_event

PUT_AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
SHORT = {"visits": 3, "active": True}
"""A row without what is stored."""
STORED = {"age": 40.0, "plan": "plus"}


class Shop:
    """The tiny model with age and plan stored by customer."""

    def __init__(self, **rules: Any) -> None:
        self.store, self.figures = InMemoryFeatureStore(), LookUpFigures()
        group = FeatureGroup(features={"age": None, "plan": "basic"}, **rules)
        look_up = FeatureLookUp(
            Online(groups={"person": group}), reader=self.store, metrics=self.figures, longest_seconds=5
        )
        self.gateway = Gateway(look_up=look_up)
        self.put("c-1", **STORED)

    def put(self, entity: str, **values: Any) -> None:
        row = StoredRow(entity=entity, event_time=PUT_AT - timedelta(hours=1), put_at=PUT_AT, values=values)
        self.store.items[item_key("person", entity)] = (row, None)


def test_a_row_that_names_its_entity_is_answered_like_the_whole_row() -> None:
    shop = Shop()
    short = shop.gateway.predict({**SHORT, "customer": "c-1"})
    assert short.status == 200
    assert short.headers["x-online-features"] == "stored"
    whole = shop.gateway.predict(ROW)
    assert "x-online-features" not in whole.headers
    assert short.body["predictions"][0]["probabilities"] == whole.body["predictions"][0]["probabilities"]


def test_the_entity_may_stand_beside_the_rows() -> None:
    answer = Shop().gateway.predict(SHORT, entity_id="c-1")
    assert answer.headers["x-online-features"] == "stored"


def test_the_log_keeps_what_the_model_saw_and_where_it_came_from() -> None:
    shop = Shop()
    shop.gateway.predict({**SHORT, "customer": "c-1"}, {**SHORT, "customer": "c-2"}, ROW)
    stored, default, given = shop.gateway.captured
    assert stored["features"] == {"age": 40.0}
    assert stored["online"] == {"person": "stored"}
    assert default["features"] == {"age": None}
    assert default["online"] == {"person": "default"}
    assert "online" not in given
    [figures] = shop.figures.recorded
    assert (figures["rows"], figures["defaults"], figures["unavailable"]) == (2, 1, 0)


def test_tensors_without_the_stored_columns_are_answered_the_same() -> None:
    shop = Shop()
    answer = shop.gateway.infer(
        {"name": "customer", "shape": [1], "datatype": "BYTES", "data": ["c-1"]},
        {"name": "visits", "shape": [1], "datatype": "INT64", "data": [3]},
        {"name": "active", "shape": [1], "datatype": "BOOL", "data": [True]},
    )
    rows = shop.gateway.predict(ROW).body["predictions"][0]["probabilities"]
    probabilities = next(one for one in answer.body["outputs"] if one["name"] == "probabilities")
    assert probabilities["data"] == list(rows.values())
    assert answer.headers["x-online-features"] == "stored"


def test_explanations_explain_the_same_row() -> None:
    shop = Shop()
    short, whole = shop.gateway.explain({**SHORT, "customer": "c-1"}), shop.gateway.explain(ROW)
    assert short.headers["x-online-features"] == "stored"
    assert short.body["explanations"] == whole.body["explanations"]


def test_a_store_that_does_not_answer_is_told_and_fails_nothing() -> None:
    shop = Shop()
    shop.store.down = True
    answer = shop.gateway.predict({**SHORT, "customer": "c-1"})
    assert answer.status == 200
    assert answer.headers["x-online-features"] == "unavailable"
    assert shop.gateway.captured[0]["online"] == {"person": "unavailable"}


def test_a_required_group_that_cannot_be_read_is_a_503_that_says_when_to_come_back() -> None:
    shop = Shop(required=True)
    shop.store.down = True
    answer = shop.gateway.predict({**SHORT, "customer": "c-1"})
    assert answer.status == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.body["detail"] == "stored features of group 'person' cannot be looked up now: try again"
    assert shop.gateway.predict(ROW).status == 200, "a whole row needs no store"


def test_too_many_rows_are_refused_before_anything_is_looked_up() -> None:
    shop = Shop()
    assert shop.gateway.predict(*[SHORT] * 5001).status == 413
    assert shop.store.asked == []


def test_a_repeated_request_has_the_same_ids_though_other_values_are_stored_by_then() -> None:
    shop = Shop()
    event = load_event("predict")
    event["headers"] = {**event["headers"], "idempotency-key": _key_of(event)}
    event["body"] = json.dumps({"rows": [{**SHORT, "customer": "c-1"}]})
    first = shop.gateway.send(event).body["predictions"][0]
    shop.put("c-1", age=80.0, plan="basic")
    again = shop.gateway.send(event).body["predictions"][0]
    assert again["prediction_id"] == first["prediction_id"]
    assert again["probabilities"] != first["probabilities"]


def _key_of(event: dict[str, Any]) -> str:
    """A UUID of version 7 of the time of the request."""
    time = f"{event['requestContext']['timeEpoch']:012x}"
    return f"{time[:8]}-{time[8:]}-7000-a000-000000000001"


def test_the_schema_shows_stored_features_as_optional_with_their_defaults() -> None:
    schema = Shop().gateway.request("GET", "/models/churn/schema").body
    assert schema["required"] == ["visits", "active"]
    told = "Looked up by customer where it is left out; null where nothing is stored."
    assert schema["properties"]["age"]["description"] == told
    assert schema["properties"]["plan"]["description"].endswith('; "basic" where nothing is stored.')


def test_without_stored_features_a_row_must_be_whole() -> None:
    gateway = Gateway()
    answer = gateway.predict({"visits": 3, "customer": "c-1"})
    assert answer.status == 422
    assert "x-online-features" not in answer.headers


@pytest.mark.parametrize("field", ["visits", "active"])
def test_what_is_not_stored_must_still_be_given(field: str) -> None:
    row = {name: value for name, value in SHORT.items() if name != field}
    answer = Shop().gateway.predict({**row, "customer": "c-1"})
    assert answer.status == 422
    assert answer.body["details"] == [{"row": 0, "field": field, "problem": "is missing: give a value"}]


def test_verification_replays_golden_rows_as_they_are() -> None:
    shop = Shop()
    event = load_event("predict")
    event["requestContext"] = {**event["requestContext"], "apiId": "verification"}
    assert shop.gateway.send(event).status == 200
    assert shop.store.asked == []
