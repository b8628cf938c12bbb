"""Calls of the event bus keep within its limits, and what it refuses is tried again, but not for ever."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from lambdaloop.adapters.eventbridge_bus import ATTEMPTS, EventBridgeBus
from lambdaloop.domain.happening import Happening, happening_of


class FakeEvents:
    """PutEvents as AWS documents it: at most ten entries and 256 KB in a call, and each entry may fail alone."""

    def __init__(self) -> None:
        self.calls: list[list[dict[str, Any]]] = []
        self.refusals: dict[str, int] = {}
        """How often an event of this kind is refused."""

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  (boto3's spelling)
        size = sum(14 + len(each["Source"] + each["DetailType"] + each["Detail"]) for each in Entries)
        assert len(Entries) <= 10
        assert size <= 262_144
        self.calls.append(Entries)
        return {"Entries": [self._answer(json.loads(each["Detail"])["kind"]) for each in Entries]}

    def _answer(self, kind: str) -> dict[str, str]:
        if self.refusals.get(kind, 0) > 0:
            self.refusals[kind] -= 1
            return {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}
        return {"EventId": "1"}

    @property
    def kinds(self) -> list[str]:
        return [json.loads(each["Detail"])["kind"] for call in self.calls for each in call]


def put(events: FakeEvents, happenings: Sequence[Happening]) -> tuple[Sequence[bool], list[float]]:
    waits: list[float] = []
    client: Any = events
    return EventBridgeBus(bus="lambdaloop", client=client, sleep=waits.append).put(happenings), waits


def happening(kind: str = "run_started", *, size: int = 10) -> Happening:
    return Happening(
        id=f"churn/{kind}",
        kind=kind,
        model="churn",
        at=datetime(2026, 3, 2, tzinfo=UTC),
        actor="someone",
        data={"text": "x" * size},
    )


def test_ten_events_fit_into_a_call_and_so_many_bytes() -> None:
    events = FakeEvents()
    taken, waits = put(events, [happening(f"k{number}") for number in range(11)])
    assert taken == [True] * 11
    assert [len(call) for call in events.calls] == [10, 1]
    assert waits == []
    large = FakeEvents()
    put(large, [happening(f"k{number}", size=100_000) for number in range(5)])
    assert [len(call) for call in large.calls] == [2, 2, 1]


def test_an_entry_is_what_rules_and_readers_expect() -> None:
    events = FakeEvents()
    put(events, [happening()])
    [[entry]] = events.calls
    assert (entry["EventBusName"], entry["Source"], entry["DetailType"]) == (
        "lambdaloop",
        "lambdaloop",
        "Run Started",
    )
    assert happening_of({"source": entry["Source"], "detail": json.loads(entry["Detail"])}) == happening()


def test_only_what_was_refused_is_sent_again() -> None:
    events = FakeEvents()
    events.refusals["b"] = 1
    taken, waits = put(events, [happening("a"), happening("b"), happening("c")])
    assert taken == [True, True, True]
    assert events.kinds == ["a", "b", "c", "b"]
    assert len(waits) == 1


def test_what_is_refused_again_and_again_is_told_and_the_rest_went() -> None:
    events = FakeEvents()
    events.refusals["b"] = 99
    taken, waits = put(events, [happening("a"), happening("b"), happening("c")])
    assert taken == [True, False, True]
    assert events.kinds.count("b") == ATTEMPTS
    assert all(0 < wait < 5 for wait in waits)


def test_an_event_that_is_more_than_the_bus_takes_goes_without_its_data() -> None:
    events = FakeEvents()
    taken, _ = put(events, [happening(size=300_000)])
    assert taken == [True]
    [[entry]] = events.calls
    detail = json.loads(entry["Detail"])
    assert detail["data"] == {"truncated": True}
    assert detail["id"] == "churn/run_started"
