"""What the bus does not take comes again, and what it takes does not hold up the rest."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from lambdaloop.domain.audit import AuditEvent
from lambdaloop.domain.documents import to_document
from lambdaloop.domain.errors import EventsRefusedError
from lambdaloop.domain.happening import Happening
from lambdaloop.domain.registry_change import RegistryChange
from lambdaloop.services.publish_events import publish_events


class FakeBus:
    """The port HappeningBus; refuses the ids it is told to."""

    def __init__(self, *refused: str) -> None:
        self.refused = refused
        self.taken: list[str] = []

    def put(self, happenings: Sequence[Happening]) -> Sequence[bool]:
        went = [each.id not in self.refused for each in happenings]
        self.taken += [each.id for each, ok in zip(happenings, went, strict=True) if ok]
        return went


def change(number: int) -> RegistryChange:
    event = AuditEvent(
        model="churn", at=datetime(2026, 3, 2, tzinfo=UTC), kind="run_started", actor="a", detail={}
    )
    return RegistryChange(
        sequence=str(number), pk="MODEL#churn", sk=f"EVENT#{number}", after=to_document(event)
    )


def test_everything_is_told_in_order() -> None:
    bus = FakeBus()
    assert publish_events([change(1), change(2)], bus=bus) is None
    assert bus.taken == ["churn/EVENT#1", "churn/EVENT#2"]


def test_the_first_event_that_was_not_taken_comes_again_with_all_that_follow() -> None:
    bus = FakeBus("churn/EVENT#2", "churn/EVENT#3")
    assert publish_events([change(number) for number in (1, 2, 3, 4)], bus=bus) == "2"


def test_when_the_very_first_is_not_taken_the_batch_fails_so_that_it_is_halved() -> None:
    with pytest.raises(EventsRefusedError, match="EVENT#1"):
        publish_events([change(1), change(2)], bus=FakeBus("churn/EVENT#1"))


def test_a_record_that_cannot_be_read_fails_its_batch_before_anything_is_told() -> None:
    bus = FakeBus()
    broken = RegistryChange(sequence="2", pk="MODEL#churn", sk="EVENT#2", after={"kind": 5})
    with pytest.raises(EventsRefusedError, match="MODEL#churn EVENT#2"):
        publish_events([change(1), broken], bus=bus)
    assert bus.taken == []
