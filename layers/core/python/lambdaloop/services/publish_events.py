"""Tells others what changed in the registry."""

from collections.abc import Sequence

from lambdaloop.domain.errors import EventsRefusedError
from lambdaloop.domain.registry_change import RegistryChange, happenings_of
from lambdaloop.ports import HappeningBus


def publish_events(changes: Sequence[RegistryChange], *, bus: HappeningBus) -> str | None:
    """Publish the events that tell of some changes, in order.

    Returns the place of the first change of which an event was not taken: from there on everything has to come again. When that is
    the very first of several, or a change cannot be read, EventsRefusedError: only then the sender tries smaller pieces,
    and the others get past the one that is in their way.
    """
    told = []
    for change in changes:
        try:
            told += [(change, happening) for happening in happenings_of(change)]
        except ValueError as error:
            raise EventsRefusedError(f"the record {change.pk} {change.sk} cannot be read: {error}") from error
    taken = bus.put([happening for _, happening in told])
    for (change, happening), went in zip(told, taken, strict=True):
        if not went and change is changes[0]:
            raise EventsRefusedError(f"the event {happening.id} was not taken: see the bus's quotas")
        if not went:
            return change.sequence
    return None
