from datetime import UTC, datetime

import pytest

from lambdaloop.domain.definition import Feature
from lambdaloop.domain.errors import FeaturesInvalidError
from lambdaloop.domain.feature_file import read_feature_file
from lambdaloop.domain.feature_history import history_key, put_time, read_history, write_history
from lambdaloop.domain.shared_groups import SharedGroup
from lambdaloop.domain.stored_features import StoredRow

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
GROUP = SharedGroup(
    name="spending",
    entity="customer",
    features={
        "spend": Feature(type="number", nullable=True),
        "orders": Feature(type="integer", min=0, unexpected="reject"),
        "active": Feature(type="boolean"),
        "plan": Feature(type="category", categories=("basic", "plus")),
    },
)
HEADER = "customer,event_time,spend,orders,active,plan"


def read(*lines: str, header: str = HEADER) -> list[StoredRow]:
    content = "\n".join([header, *lines]).encode()
    return read_feature_file(content, GROUP, source="spending.csv", now=NOW)


def test_text_becomes_what_would_stand_in_a_request() -> None:
    [row] = read("c-1,2026-03-01T10:00:00Z,0.1,3,true,plus")
    assert row.entity == "c-1"
    assert row.event_time == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert row.put_at == NOW
    assert row.values == {"spend": 0.1, "orders": 3, "active": True, "plan": "plus"}
    assert [type(value) for value in row.values.values()] == [float, int, bool, str]


def test_blank_text_is_a_missing_value_and_a_time_without_a_zone_is_utc() -> None:
    [row] = read("c-1,2026-03-01,,3,0,basic")
    assert row.values["spend"] is None
    assert row.event_time == datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (",2026-03-01,1,3,true,plus", "row 1: customer must be text of 1 to 256 characters, got ''"),
        (
            "c-1,20260301,1,3,true,plus",
            "row 1: event_time '20260301' is no time such as 2026-03-02T09:30:00Z",
        ),
        ("c-1,2026-03-03,1,3,true,plus", "row 1: event_time 2026-03-03 is in the future"),
        ("c-1,2026-03-01,1e999,3,true,plus", "row 1: spend must be a finite number, got inf"),
        ("c-1,2026-03-01,1_000,3,true,plus", "row 1: spend must be a number, got '1_000'"),
        ("c-1,2026-03-01,1,3.5,true,plus", r"row 1: orders must be a whole number, got 3\.5"),
        ("c-1,2026-03-01,1,-1,true,plus", "row 1: orders must be 0 to inf, got -1"),
        ("c-1,2026-03-01,1,3,maybe,plus", "row 1: active must be true or false, got 'maybe'"),
        ("c-1,2026-03-01,1,3,true,", "row 1: plan is missing: give a value"),
        ("c-1,2026-03-01,1,3", "row 1 has 4 fields, the header has 6"),
    ],
)
def test_one_wrong_value_and_nothing_is_put(line: str, problem: str) -> None:
    with pytest.raises(FeaturesInvalidError, match=problem):
        read(line, "c-2,2026-03-01,1,3,true,plus")


def test_two_rows_about_one_entity_at_one_time_contradict_each_other() -> None:
    with pytest.raises(FeaturesInvalidError, match=r"row 2: 'c-1' has two rows of 2026-03-01T01:00\+01:00"):
        read("c-1,2026-03-01,1,3,true,plus", "c-1,2026-03-01T01:00+01:00,2,3,true,plus")


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        (
            "customer,event_time,spend,orders,active",
            "columns 'plan' are missing: a row of group 'spending' needs",
        ),
        (f"{HEADER},age", "columns 'age' are not of group 'spending': remove them"),
    ],
)
def test_a_file_has_every_feature_of_its_group_and_no_others(header: str, problem: str) -> None:
    with pytest.raises(FeaturesInvalidError, match=problem):
        read(header=header)


def test_a_file_without_rows_puts_nothing() -> None:
    with pytest.raises(FeaturesInvalidError, match="the file has no rows"):
        read()


def test_many_problems_are_counted() -> None:
    with pytest.raises(FeaturesInvalidError, match=r"and 5 more$"):
        read(*(f"c-{number},never,1,3,true,plus" for number in range(25)))


def test_the_history_keeps_every_number_bit_for_bit() -> None:
    rows = read(
        "c-1,2026-03-01T10:00:00.000001Z,0.1,9007199254740993,true,plus",
        '"c,""2",2026-03-01,5e-324,0,false,"other, or\nnone"',
        "c-3,2026-03-01,1.7976931348623157e308,0,false,basic",
        "c-4,2026-03-01,,0,false,basic",
    )
    assert read_history(write_history(rows), source="history.csv") == rows
    assert put_time(write_history(rows), source="history.csv") == NOW


def test_a_place_in_the_history_is_that_of_the_rows_whenever_they_are_put() -> None:
    rows = read("c-1,2026-03-01,1,3,true,plus")
    later = read_feature_file(
        f"{HEADER}\nc-1,2026-03-01,1,3,true,plus".encode(),
        GROUP,
        source="again.csv",
        now=NOW.replace(hour=12),
    )
    assert history_key("spending", later) == history_key("spending", rows)
    assert history_key("spending", read("c-1,2026-03-01,2,3,true,plus")) != history_key("spending", rows)
    assert history_key("spending", rows).startswith("features/spending/history/")


def test_json_lines_are_put_with_the_values_that_they_have() -> None:
    text = (
        '{"customer": 7, "event_time": "2026-03-01T10:00:00Z", "spend": 0.1, "orders": 3, "active": true, "plan": "plus"}\n'
        '{"customer": "c-2", "event_time": "2026-03-01", "orders": 1, "active": false, "plan": "basic"}\n'
    )
    first, second = read_feature_file(text.encode(), GROUP, source="spending.jsonl", now=NOW)
    assert (first.entity, first.values["spend"], first.values["active"]) == ("7", 0.1, True)
    assert (second.entity, second.values["spend"]) == ("c-2", None)


def test_a_value_of_another_type_in_json_lines_is_told_by_its_row() -> None:
    text = '{"customer": "c", "event_time": "2026-03-01", "spend": "0.1", "orders": 3, "active": true, "plan": "plus"}\n'
    with pytest.raises(FeaturesInvalidError, match=r"row 1: spend .*'0\.1'"):
        read_feature_file(text.encode(), GROUP, source="spending.jsonl", now=NOW)


def test_parquet_is_sent_to_the_command_that_can_read_it() -> None:
    with pytest.raises(FeaturesInvalidError, match="`lambdaloop features put` only"):
        read_feature_file(b"PAR1", GROUP, source="features/spending/incoming/a.parquet", now=NOW)
