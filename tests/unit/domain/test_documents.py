from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.documents import from_document, to_document
from lambdaloop.domain.outcomes import Estimate
from lambdaloop.domain.release import Judgement, Release
from tests.fakes.samples import MODEL, MORNING, definition, rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    number: int
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    inner: Inner
    many: tuple[Inner, ...] = ()
    by_name: dict[str, Inner] = field(default_factory=dict)
    kind: Literal["a", "b"] = "a"
    at: datetime = MORNING
    ratio: float = 0.5
    value: str | int | float | bool | None = None


EXAMPLES = st.builds(
    Outer,
    inner=st.builds(Inner, number=st.integers(), name=st.none() | st.text()),
    many=st.lists(st.builds(Inner, number=st.integers())).map(tuple),
    by_name=st.dictionaries(st.text(), st.builds(Inner, number=st.integers())),
    kind=st.sampled_from(["a", "b"]),
    at=st.datetimes(timezones=st.just(UTC)),
    ratio=st.floats(allow_nan=False),
    value=st.none() | st.text() | st.integers() | st.booleans() | st.floats(allow_nan=False),
)


@given(EXAMPLES)
def test_a_record_survives_the_round_trip_with_its_types(record: Outer) -> None:
    back = from_document(Outer, to_document(record))
    assert back == record
    assert type(back.value) is type(record.value)


def test_fields_that_are_none_are_left_out_and_come_back() -> None:
    assert to_document(Inner(number=1)) == {"number": 1}
    assert from_document(Inner, {"number": 1, "name": None}) == Inner(number=1)


def test_unknown_fields_of_a_newer_writer_are_ignored() -> None:
    assert from_document(Inner, {"number": 1, "invented_later": {}}) == Inner(number=1)


def test_times_are_written_in_utc() -> None:
    there = datetime(2026, 3, 2, 12, tzinfo=timezone(timedelta(hours=3)))
    assert to_document(Outer(inner=Inner(number=1), at=there))["at"] == "2026-03-02T09:00:00+00:00"


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({}, "inner"),
        ({"inner": {"number": "1"}}, "number must be int, got '1'"),
        ({"inner": {"number": True}}, "number must be int, got True"),
        ({"inner": {"number": 1}, "kind": "c"}, "kind must be .* got 'c'"),
        ({"inner": {"number": 1}, "ratio": "half"}, "ratio must be float"),
        ({"inner": {"number": 1}, "ratio": True}, "ratio must be float"),
        ({"inner": {"number": 1}, "at": "yesterday"}, "yesterday"),
        ({"inner": {"number": 1}, "many": [{"number": 1.5}]}, "number must be int, got 1.5"),
        ({"inner": {"number": 1}, "value": ["list"]}, "value must be"),
        ([], r"it must be Mapping, got \[\]"),
        (None, "it must be Mapping"),
        ("text", "it must be Mapping"),
        ({"inner": "text"}, "inner must be Mapping, got 'text'"),
        ({"inner": {"number": 1}, "many": [[]]}, r"many\[0\] must be Mapping"),
        ({"inner": {"number": 1}, "many": "text"}, "many must be list, got 'text'"),
        ({"inner": {"number": 1}, "by_name": []}, "by_name must be Mapping"),
        ({"inner": {"number": 1}, "by_name": {"a": 1}}, "by_name.a must be Mapping"),
        ({"inner": {"number": 1}, "at": 5}, "argument must be str"),
        ({"inner": {"number": 1}, "ratio": 10**400}, "too large"),
    ],
)
def test_a_document_of_another_shape_is_refused_by_name(document: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        from_document(Outer, document)


def test_a_field_that_must_be_given_and_is_none_survives_the_round_trip() -> None:
    assert from_document(Estimate, to_document(Estimate(value=None))) == Estimate(value=None)


def test_only_dataclasses_have_documents() -> None:
    with pytest.raises(TypeError, match="expected a dataclass instance, got type"):
        to_document(Inner)


def test_the_records_of_the_registry_survive_the_round_trip() -> None:
    judgement = Judgement(
        at=MORNING, step=0, weight=0.1, verdict="hold", reasons=("no traffic",), numbers={"p95": None}
    )
    release = Release(
        number=1,
        model=MODEL,
        version=1,
        status="shifting",
        execution="x",
        requested_by="ml-team",
        reason="better",
        created_at=MORNING,
        previous_lambda_version="1",
        first=True,
        rules=rules(alarms=["errors"]),
        judgements=(judgement,),
    )
    assert from_document(Release, to_document(release)) == release
    assert from_document(ModelDefinition, to_document(definition())) == definition()


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    counts: tuple[float, ...]


def test_whole_numbers_in_a_histogram_are_read_as_numbers() -> None:
    assert from_document(Histogram, {"counts": [1, 2.5]}) == Histogram(counts=(1.0, 2.5))
    assert type(from_document(Histogram, {"counts": [1]}).counts[0]) is float


@pytest.mark.parametrize("wrong", [True, "1", None, [1.0]])
def test_a_histogram_holds_nothing_but_numbers(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"counts\[1\] must be float"):
        from_document(Histogram, {"counts": [1.0, wrong]})
